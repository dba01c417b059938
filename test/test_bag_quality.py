"""`ros-wam bag quality`, and what trial.json says of a bag."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_recording import SyntheticRecording, write_bag

from ros_wam.cli.main import main
from ros_wam.quality.bag import judge, was_marked
from ros_wam.quality.verdict import quality_from_json
from ros_wam.trial.outcome import Outcome, Trial

TRIAL = Trial(
    trial_id="001",
    task="move_objects_into_box",
    robot="ur5",
    policy="teleop",
    seed=1,
    outcome=Outcome.SUCCESS,
    score=1.0,
    stages=(),
    valid=True,
    cause=None,
    bag="trials/001/bag",
)


def make_bag(folder: Path, frozen: bool = False) -> Path:
    recording = SyntheticRecording()
    for frame in recording.frames if frozen else ():
        frame.picture = recording.frames[0].picture
    return write_bag(folder / "bag", recording.messages())


def test_a_good_bag_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bag", "quality", str(make_bag(tmp_path)), "--robot", "ur5"]) == 0
    assert capsys.readouterr().out.strip() == "good: 0 findings in 5.0 s"


def test_a_bad_bag_fails_and_its_findings_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bag", "quality", str(make_bag(tmp_path, frozen=True)), "--robot", "ur5"]) == 1
    said = capsys.readouterr().out
    assert "frozen_camera" in said and "bad: 2 findings" in said


def test_a_bag_is_judged_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bag = make_bag(tmp_path)
    (tmp_path / "trial.json").write_text(json.dumps(replace(TRIAL, outcome=Outcome.ABORTED, score=0.0).to_json()))
    assert main(["bag", "quality", str(bag), "--robot", "ur5", "--json"]) == 0
    quality = quality_from_json(json.loads(capsys.readouterr().out))
    assert [finding.check.value for finding in quality.findings] == ["unmarked_success"]


def test_a_robot_has_to_be_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bag", "quality", str(make_bag(tmp_path))]) == 1
    assert "name it with --robot" in capsys.readouterr().err


def test_a_trial_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trial.json").write_text("{}")
    assert main(["bag", "quality", str(make_bag(tmp_path)), "--robot", "ur5"]) == 1
    assert f"cannot read {tmp_path / 'trial.json'}" in capsys.readouterr().err


def test_a_bag_that_cannot_be_read_is_bad(tmp_path: Path) -> None:
    quality = judge(tmp_path / "bag", TRIAL)
    assert quality["verdict"] == "bad"
    assert quality["findings"][0]["check"] == "unreadable" and "no bag in" in quality["findings"][0]["detail"]


@pytest.mark.parametrize(
    ("changed", "marked"),
    [
        ({}, True),
        ({"outcome": Outcome.FAILURE}, True),
        ({"outcome": Outcome.FAILURE, "failure_class": "unmarked"}, False),
        ({"outcome": Outcome.ABORTED}, False),
        ({"outcome": Outcome.FAILURE, "policy": "baseline"}, None),
    ],
)
def test_a_demonstration_is_marked_by_its_outcome(changed: dict[str, object], marked: bool | None) -> None:
    assert was_marked(replace(TRIAL, **changed)) is marked  # type: ignore[arg-type]
