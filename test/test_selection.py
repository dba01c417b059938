"""Which trials of a sitting an exporter takes, and why not the others."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_bag_quality import TRIAL

from ros_wam.causes import Cause
from ros_wam.errors import TrialError
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.selection import Selection, select
from ros_wam.quality.verdict import Quality, Verdict, quality_from_json
from ros_wam.trial.outcome import Outcome, Trial


def found(check: CheckName, severity: Severity) -> Finding:
    return Finding(check, severity, "in words", 1.0, 2.0, 0.5, 0.1)


GOOD = Quality(9.0)
USABLE = Quality(9.0, (found(CheckName.IDLE_TAIL, Severity.WARN),))
BAD = Quality(9.0, (found(CheckName.FROZEN_CAMERA, Severity.BAD), found(CheckName.IDLE_TAIL, Severity.WARN)))
TRIALS: Mapping[str, Trial] = {
    "001": replace(TRIAL, quality=GOOD.to_json()),
    "002": replace(TRIAL, quality=USABLE.to_json()),
    "003": replace(TRIAL, quality=BAD.to_json()),
    "004": replace(TRIAL, outcome=Outcome.FAILURE, quality=GOOD.to_json()),
    "005": replace(TRIAL, quality=GOOD.to_json(), valid=False, cause=Cause.RECORD_FAILED),
    "006": replace(TRIAL, bag=None),
    "007": TRIAL,
}
"""The last one was never judged, and its bag does not exist."""


def sitting(folder: Path, trials: Mapping[str, Trial] = TRIALS) -> Path:
    for trial_id, trial in trials.items():
        path = folder / "trials" / trial_id / "trial.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(replace(trial, trial_id=trial_id).to_json()))
    return folder


def kept(selection: Selection) -> list[str]:
    return [trial.trial_id for trial in selection.kept]


def test_successes_whose_record_is_not_bad_are_taken(tmp_path: Path) -> None:
    selection = select(sitting(tmp_path))
    assert kept(selection) == ["001", "002"]
    assert dict(selection.left_out) == {
        "003": "its quality is bad: frozen_camera",
        "004": "its outcome is failure; wanted: success",
        "005": "it does not count: record_failed",
        "006": "nothing was recorded",
        "007": "its quality is bad: unreadable",
    }


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({"include_bad": True}, ["001", "002", "003", "005", "007"]),
        ({"outcomes": (Outcome.SUCCESS, Outcome.FAILURE)}, ["001", "002", "004"]),
        ({"outcomes": (Outcome.FAILURE,)}, ["004"]),
        ({"only": ("002", "003")}, ["002"]),
        ({"only": ("002", "003"), "include_bad": True}, ["002", "003"]),
    ],
)
def test_more_or_fewer_are_taken_when_asked_for(options: dict[str, Any], ids: list[str], tmp_path: Path) -> None:
    selection = select(sitting(tmp_path), **options)
    assert kept(selection) == ids
    assert sorted([*ids, *dict(selection.left_out)]) == sorted(TRIALS)


def test_a_trial_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match=r"holds no trial 008; there are: 001, 002"):
        select(sitting(tmp_path), only=("001", "008"))


def test_a_quality_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="not a quality"):
        select(sitting(tmp_path, {"001": replace(TRIAL, quality={"verdict": "good"})}))


@pytest.mark.parametrize(
    ("quality", "verdict"),
    [(GOOD, Verdict.GOOD), (USABLE, Verdict.USABLE), (BAD, Verdict.BAD)],
    ids=["good", "usable", "bad"],
)
def test_a_quality_survives_json(quality: Quality, verdict: Verdict) -> None:
    assert quality.verdict is verdict
    said = json.loads(json.dumps(quality.to_json()))
    assert said["verdict"] == verdict.value
    assert quality_from_json(said) == quality
