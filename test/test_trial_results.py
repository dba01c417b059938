"""Results: key for key as documented, resumable, and never losing a finished trial, wherever a kill strikes."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from ros_wam.causes import Action, Cause
from ros_wam.config import load
from ros_wam.errors import TrialError
from ros_wam.trial.departures import Departure
from ros_wam.trial.outcome import Outcome, Trial, score_of, trial_from_json
from ros_wam.trial.results import Results, load_results, read_trials
from ros_wam.trial.sitting import Sitting, describe_sitting
from ros_wam.types import Stage

SITTING = Sitting("s", "ur5", "t", "do it", ("p",), True, 3, 0, {"python": "3"}, None, {"host": "here"})
KEYS = [
    *("trial_id", "task", "robot", "policy", "seed", "outcome", "score", "stages", "valid", "cause", "failure_class"),
    *("takeovers", "comment", "duration_s", "idle_fraction", "idle_after_first", "inference_ms", "interventions"),
    *("refusals", "departures", "dropped", "quality", "bag"),
]


def make_trial(number: int, outcome: Outcome = Outcome.SUCCESS, cause: Cause | None = None) -> Trial:
    stages = (Stage("grasp", 4.0, 4.0, stamp_ns=5), Stage("place", 5.5, 6.0, retries=1))
    return Trial(
        trial_id=f"{number:03d}",
        task="t",
        robot="ur5",
        policy="p",
        seed=number,
        outcome=outcome,
        score=score_of(stages, True),
        stages=stages,
        valid=cause is None,
        cause=cause,
        duration_s=12.5,
        inference_ms={"p50": 10.0, "p99": 20.0},
        dropped={"joint_states": 0},
        bag=f"trials/{number:03d}/bag",
    )


def test_a_trial_has_exactly_the_documented_keys(tmp_path: Path) -> None:
    Results(tmp_path, SITTING).add(make_trial(1))
    data = json.loads((tmp_path / "trials/001/trial.json").read_text())
    assert list(data) == KEYS
    assert data["stages"][1] == {"name": "place", "points": 5.5, "max_points": 6.0, "retries": 1, "stamp_ns": None}
    assert (data["outcome"], data["cause"], data["score"]) == ("success", None, 0.95)


def test_refusals_and_departures_are_kept_and_counted(tmp_path: Path) -> None:
    held = Departure(Cause.CONTACT_FORCE, Action.HOLD, 7, 0.5, 2)
    trial = replace(make_trial(1), refusals={"collision": 3}, departures=(held,), interventions=4)
    results = Results(tmp_path, SITTING)
    results.add(trial)
    results.add(replace(make_trial(2), refusals={"collision": 1, "expired": 1}, departures=(), interventions=None))
    (kept, _) = read_trials(tmp_path)
    assert kept == trial
    data = json.loads((tmp_path / "trials/001/trial.json").read_text())["departures"]
    assert data == [{"cause": "contact_force", "action": "hold", "stamp_ns": 7, "duration_s": 0.5, "count": 2}]
    summary = load_results(tmp_path)["summary"]
    assert summary["refusals"] == {"collision": 4, "expired": 1}
    assert (summary["interventions"], summary["departures"]) == (4, {"contact_force": 2})


def test_a_trial_of_before_says_nothing_of_what_was_not_measured() -> None:
    data = make_trial(1).to_json()
    for key in ("idle_after_first", "refusals", "departures"):
        del data[key]
    trial = trial_from_json(data)
    assert (trial.idle_after_first, trial.refusals, trial.departures) == (None, None, None)
    with pytest.raises(TrialError, match="not a trial"):
        trial_from_json({**data, "departures": [{"cause": "bad luck", "action": "hold"}]})


def test_results_json_gathers_the_trials(tmp_path: Path) -> None:
    results = Results(tmp_path, SITTING)
    results.add(make_trial(2, Outcome.ABORTED, Cause.CAMERA_STALE))
    results.add(make_trial(1))
    results.add(make_trial(3, Outcome.FAILURE))
    data = json.loads((tmp_path / "results.json").read_text())
    assert list(data) == ["schema", "sitting", "robot", "task", "kind", "policies", "trials", "summary"]
    assert [trial["trial_id"] for trial in data["trials"]] == ["001", "002", "003"]
    summary = data["summary"]
    assert (summary["trials"], summary["valid"], summary["successes"]) == (3, 2, 1)
    assert summary["success_rate"] == 0.5
    assert summary["causes"] == {"camera_stale": 1}
    assert summary["success_rate_95"] == pytest.approx([0.0945, 0.9055], abs=1e-3)
    assert load_results(tmp_path) == data


def test_no_valid_trial_means_no_rate(tmp_path: Path) -> None:
    results = Results(tmp_path, SITTING)
    results.add(make_trial(1, Outcome.ABORTED, Cause.NOT_READY))
    summary = load_results(tmp_path)["summary"]
    assert (summary["success_rate"], summary["mean_score"], summary["success_rate_95"]) == (None, None, None)


@pytest.mark.parametrize("cause", [None, *Cause])
def test_trials_survive_the_round_trip(cause: Cause | None) -> None:
    trial = make_trial(1, Outcome.FAILURE, cause)
    assert trial_from_json(json.loads(json.dumps(trial.to_json()))) == trial


def test_resume_knows_what_is_finished(tmp_path: Path) -> None:
    Results(tmp_path, SITTING).add(make_trial(1))
    (tmp_path / "results.json").unlink()
    assert list(Results(tmp_path, SITTING).trials) == ["001"]
    assert (tmp_path / "results.json").exists()
    assert load(tmp_path / "sitting.yaml", Sitting) == SITTING


def test_what_a_sitting_is_resumed_with_is_noted(tmp_path: Path) -> None:
    Results(tmp_path, SITTING)
    for _ in range(2):
        Results(tmp_path, replace(SITTING, trials=5, versions={"python": "4", "mcap": "1"}, git_revision="abc-dirty"))
    noted = load(tmp_path / "sitting.yaml", Sitting)
    assert noted.versions == {"python": "3, then 4", "mcap": "none, then 1"}
    assert (noted.trials, noted.git_revision, noted.machine) == (5, "none, then abc-dirty", SITTING.machine)
    assert Results(tmp_path, SITTING).sitting.versions["python"] == "3, then 4, then 3"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "results.json").mkdir()
    with pytest.raises(TrialError, match="the sitting cannot be written"):
        Results(tmp_path, SITTING)


def test_resuming_something_else_is_refused(tmp_path: Path) -> None:
    Results(tmp_path, SITTING)
    with pytest.raises(TrialError, match=r"sitting.yaml says seed 0, this run 1"):
        Results(tmp_path, replace(SITTING, seed=1))


def test_a_trial_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    Results(tmp_path, SITTING).add(make_trial(1))
    (tmp_path / "trials/001/trial.json").write_text('{"trial_id": "001"}')
    with pytest.raises(TrialError, match=r"trials/001/trial.json: not a trial"):
        load_results(tmp_path)


def test_a_folder_without_a_sitting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="not a sitting"):
        load_results(tmp_path)


def test_a_full_disk_is_an_error_not_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = Results(tmp_path, SITTING)
    results.add(make_trial(1))

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(TrialError, match="trial 002 cannot be written"):
        results.add(make_trial(2))
    assert [trial.trial_id for trial in read_trials(tmp_path)] == ["001"]


def test_describe_sitting_names_the_software_and_the_machine(tmp_path: Path) -> None:
    sitting = describe_sitting(tmp_path, robot="ur5", task="t", prompt="do it", policy="p", sim=True, trials=1, seed=0)
    assert sitting.sitting == tmp_path.name
    assert {"python", "numpy"} <= set(sitting.versions)
    assert int(sitting.machine["cores"]) >= 1
    Results(tmp_path, sitting)
    assert load(tmp_path / "sitting.yaml", Sitting) == sitting


@pytest.mark.vendor
@pytest.mark.parametrize("library", ["ur_rtde", "franky-control", "arx5-interface", "dynamixel-sdk"])
def test_describe_sitting_names_the_vendors_libraries(tmp_path: Path, library: str) -> None:
    sitting = describe_sitting(tmp_path, robot="ur5", task="t", prompt="do it", policy="p", sim=True, trials=1, seed=0)
    assert sitting.versions[library] == version(library)


@pytest.mark.slow
def test_a_kill_at_any_point_loses_no_finished_trial(tmp_path: Path) -> None:
    """A process is killed at each system call of each write in turn; what it had confirmed must be there, whole."""
    script = Path(__file__).with_name("killed_while_writing.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    rounds = [json.loads(line) for line in ran.stdout.splitlines()]
    assert sum(r["signal"] == signal.SIGKILL for r in rounds) > 30, "the kills must really strike"
    assert rounds[-1]["signal"] == 0, "the last round is the one that no kill reaches"
    for r in rounds:
        folder = Path(r["folder"])
        assert set(r["confirmed"]) <= {trial.trial_id for trial in read_trials(folder)}
        if (folder / "sitting.yaml").exists():
            assert set(Results(folder, SITTING).trials) >= set(r["confirmed"])
        if (folder / "results.json").exists():
            json.loads((folder / "results.json").read_text())
