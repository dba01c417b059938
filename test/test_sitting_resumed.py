"""A sitting that was cut off, in virtual time: what was marked and dropped before is so afterwards."""

from dataclasses import replace
from pathlib import Path

import pytest
from operated_lab import OPERATED, Lab

from ros_wam.trial.outcome import Outcome
from ros_wam.trial.results import Results, read_trials
from ros_wam.trial.runner import TrialState
from ros_wam.trial.seal import check_seal


def test_what_was_dropped_before_the_power_went_does_not_count_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path).run().press("stop").until(TrialState.MARKING).press("discard")
    monkeypatch.setattr(Results, "discard", _power_goes)
    with pytest.raises(InterruptedError):
        lab.tick()
    monkeypatch.undo()
    assert Lab(tmp_path).sitting.valid_trials == 0


def _power_goes(results: Results, trial_id: str) -> None:
    raise InterruptedError


def test_demonstrations_are_resumed(tmp_path: Path) -> None:
    first = Lab(tmp_path).make().make()
    first.until(TrialState.RESETTING, "003").press("discard")
    first.run("003")  # and then the power goes
    again = Lab(tmp_path)
    again.until(TrialState.RESETTING, "003").make().make().end()
    assert again.folders() == ["001", "002-discarded-1", "003", "003-interrupted-1", "004"]


@pytest.mark.parametrize("marked_first", [True, False])
def test_what_was_marked_before_the_power_went_is_there_afterwards(tmp_path: Path, marked_first: bool) -> None:
    first = Lab(tmp_path, OPERATED).run()
    if marked_first:
        first.press("stage", name="pick", achieved=True)
    first.press("failure").until(TrialState.MARKING)
    if not marked_first:
        first.press("stage", name="pick", achieved=True)
    first.press("failure_class", name="perception_failure").press("comment", text="looked away")
    assert read_trials(tmp_path) == []
    again = Lab(tmp_path, OPERATED)
    again.until(TrialState.MARKING, "001").tick()
    assert again.station.calls == [], "nothing moves"
    assert again.shown["stages"][0]["achieved"] and again.shown["failure_class"] == "perception_failure"
    again.press("retry", name="pick", change=1).press("seal").tick()
    (trial,) = read_trials(tmp_path)
    assert (trial.outcome, trial.score, trial.comment) == (Outcome.FAILURE, 0.35, "looked away")
    assert not (tmp_path / "trials/001/marking.json").exists()
    assert check_seal(tmp_path / "trials/001") == [] and again.judged == ["001"]
    again.until(TrialState.RESETTING, "002")


def test_a_draft_that_nobody_is_there_to_finish_is_taken_as_it_is(tmp_path: Path) -> None:
    first = Lab(tmp_path, OPERATED).run().press("success").until(TrialState.MARKING)
    first.press("stage", name="pick", achieved=True)
    Lab(tmp_path, replace(OPERATED, operated=False))
    (trial,) = read_trials(tmp_path)
    assert (trial.outcome, trial.score) == (Outcome.SUCCESS, 0.4)


def test_no_seal_is_made_anew_over_what_was_changed(tmp_path: Path) -> None:
    lab = Lab(tmp_path, OPERATED)
    lab.until(TrialState.RESETTING).press("stop").until(TrialState.RESETTING, "002")
    result = tmp_path / "trials/001/trial.json"
    result.write_text(result.read_text().replace("aborted", "success"))
    Lab(tmp_path, OPERATED)
    assert check_seal(tmp_path / "trials/001") == ["trial.json was changed"]


def test_a_seal_that_a_crash_prevented_is_made_up_for(tmp_path: Path) -> None:
    Lab(tmp_path).make()
    (tmp_path / "trials/001/seal.json").unlink()
    Lab(tmp_path)
    assert check_seal(tmp_path / "trials/001") == []
