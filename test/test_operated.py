"""A trial that a person runs, in virtual time: it waits where it is to wait, and comes to what was marked."""

import pytest
from fake_station import NEVER
from operated_table import Table

from ros_wam.causes import Cause
from ros_wam.trial.marking import marking_from_json
from ros_wam.trial.outcome import Outcome
from ros_wam.trial.runner import HOPELESS, TrialState


def test_it_waits_for_the_scene_and_for_the_start_as_long_as_it_takes() -> None:
    table = Table()
    table.wait(3600.0)
    assert table.runner.state is TrialState.RESETTING
    assert table.runner.progress(table.station.now_ns)["detail"] == "the scene to be laid out"
    assert not table.station.enabled_ns, "a hand is in the scene"
    table.press("start")
    table.until(TrialState.READY)
    enabled = len(table.station.enabled_ns)
    table.wait(3600.0)
    assert table.runner.state is TrialState.READY
    assert len(table.station.enabled_ns) == enabled, "it is not to move while a person decides"
    table.press("start")
    table.until(TrialState.RUNNING)
    assert table.station.calls == ["reset", "home", "prepare", "start"]


def test_a_start_is_not_kept_for_later() -> None:
    table = Table()
    table.station.delay_ns["reset"] = NEVER
    table.wait(1.0)
    assert "start is not possible: trial 001 is resetting; now: stop" in table.refused("start")
    table.station.delay_ns.update(reset=0, ready=NEVER)
    table.press("start")
    table.until(TrialState.READY)
    assert "start" not in table.runner.can
    table.station.delay_ns["ready"] = 0
    table.wait(5.0)
    assert table.runner.state is TrialState.READY, "what became ready waits to be started"


def test_the_operators_marks_are_the_score() -> None:
    table = Table().start()
    table.press("stage", name="pick", achieved=True)
    table.press("retry", name="pick", change=1)
    table.wait(2.0)
    assert table.runner.state is TrialState.RUNNING, "nobody but the operator says that it succeeded"
    table.press("stage", name="move", achieved=True)
    table.press("failure")
    table.until(TrialState.MARKING)
    table.press("failure_class", name="action_error")
    table.press("comment", text="dropped it")
    table.press("stage", name="move", achieved=False)
    table.press("stage", name="place", achieved=True)
    shown = table.runner.progress(table.station.now_ns)
    assert [(s["name"], s["points"], s["achieved"], s["retries"]) for s in shown["stages"]] == [
        ("pick", 3.5, True, 1),
        ("move", 0.0, False, 0),
        ("place", 3.0, True, 0),
        ("back", 0.0, False, 0),
    ]
    trial = table.seal()
    assert (trial.outcome, trial.valid, trial.score) == (Outcome.FAILURE, True, 0.65)
    assert (trial.failure_class, trial.comment) == ("action_error", "dropped it")
    assert [stage.stamp_ns is not None for stage in trial.stages] == [True, False, True, False]


def test_success_is_said_apart_from_the_score() -> None:
    table = Table().start()
    table.press("success")
    trial = table.seal()
    assert (trial.outcome, trial.score, trial.failure_class) == (Outcome.SUCCESS, 0.0, None)
    assert table.station.calls.count("stop") == 1


def test_the_verdict_may_be_changed_until_it_is_sealed() -> None:
    table = Table().start()
    table.press("failure")
    table.until(TrialState.MARKING)
    table.press("failure_class", name="other")
    table.press("success")
    trial = table.seal()
    assert (trial.outcome, trial.failure_class) == (Outcome.SUCCESS, None)
    assert "scored" in table.refused("failure")
    assert table.runner.can == ()


@pytest.mark.parametrize("verdict", [None, "success", "failure"])
def test_a_trial_that_was_stopped_counts_once_it_is_judged(verdict: str | None) -> None:
    table = Table().start()
    table.press("stop")
    table.until(TrialState.MARKING)
    if verdict is not None:
        table.press(verdict)
    trial = table.seal()
    assert trial.valid == (verdict is not None)
    assert trial.outcome.value == (verdict or "aborted")
    assert trial.cause == (None if verdict else Cause.OPERATOR_STOP)
    assert (trial.departures is None) == (verdict is not None)


def test_what_the_infrastructure_spoiled_stays_spoiled() -> None:
    table = Table().start()
    table.station.broken, table.station.broken_at_ns = (Cause.CAMERA_STALE, "wrist"), table.station.now_ns
    table.until(TrialState.MARKING)
    assert "success is not possible" in table.refused("success")
    table.press("comment", text="cable")
    trial = table.seal()
    assert (trial.outcome, trial.valid, trial.cause) == (Outcome.ABORTED, False, Cause.CAMERA_STALE)
    assert trial.comment == "wrist; cable"


def test_the_time_limit_is_a_failure_that_may_be_called_otherwise() -> None:
    table = Table().start()
    table.until(TrialState.MARKING)
    trial = table.seal()
    assert (trial.outcome, trial.failure_class, trial.comment) == (Outcome.FAILURE, "timeout", "time limit of 20 s")


def test_nothing_is_enabled_while_a_trial_is_marked() -> None:
    table = Table().start()
    table.press("success")
    table.until(TrialState.MARKING)
    enabled = len(table.station.enabled_ns)
    table.wait(100.0)
    assert table.runner.state is TrialState.MARKING and len(table.station.enabled_ns) == enabled


def test_a_trial_that_never_ran_has_nothing_to_mark() -> None:
    table = Table()
    table.until(TrialState.RESETTING)
    table.press("stop")
    table.until(TrialState.SCORED)
    assert table.runner.trial is not None and table.runner.trial.cause is Cause.OPERATOR_STOP


def test_what_keeps_the_robot_from_home_is_told_and_it_is_tried_again() -> None:
    table = Table()
    table.station.delay_ns["home"] = NEVER
    table.station.broken, table.station.broken_at_ns = (Cause.NO_WAY_HOME, "the box is in the way"), 0
    table.until(TrialState.RESETTING)
    table.wait(1.0)
    table.press("start")
    table.until(TrialState.HOMING)
    table.until(TrialState.RESETTING)
    assert "the scene to be laid out: the box is in the way" in table.runner.progress(table.station.now_ns)["detail"]
    enabled = len(table.station.enabled_ns)
    table.station.delay_ns["home"], table.station.broken = 0, None
    table.wait(60.0)
    assert table.runner.state is TrialState.RESETTING and len(table.station.enabled_ns) == enabled
    table.start()
    table.press("success")
    assert table.seal().valid


@pytest.mark.parametrize("cause", sorted(HOPELESS, key=lambda cause: cause.value))
def test_what_is_hopeless_is_not_tried_again(cause: Cause) -> None:
    table = Table()
    table.station.broken, table.station.broken_at_ns = (cause, "it has ended"), 0
    table.until(TrialState.SCORED)
    assert table.runner.trial is not None and table.runner.trial.cause is cause


def test_a_draft_goes_on_where_it_was_cut_off() -> None:
    table = Table().start()
    table.press("take_over")
    table.press("stage", name="pick", achieved=True)
    table.press("success")
    table.until(TrialState.MARKING)
    table.press("comment", text="clumsy")
    assert table.runner.marking is not None
    again = Table()
    again.runner.resume(marking_from_json(table.runner.marking.to_json()))
    again.wait(10.0)
    assert again.station.calls == []
    again.press("stage", name="move", achieved=True)
    again.press("seal")
    assert again.runner.trial is not None
    assert (again.runner.trial.score, again.runner.trial.comment) == (0.6, "clumsy")
    assert (again.runner.trial.takeovers, again.runner.trial.outcome) == (1, Outcome.SUCCESS)


def test_retries_beyond_reason_are_shown_and_force_nothing() -> None:
    table = Table().start()
    for _ in range(5):
        table.press("retry", name="pick", change=1)
    table.wait(1.0)
    assert table.runner.state is TrialState.RUNNING
    assert "5 retries of stage pick" in str(table.runner.progress(table.station.now_ns)["detail"])
