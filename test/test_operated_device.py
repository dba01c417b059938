"""A trial in which a person moves the robot, in virtual time: takeovers and demonstrations."""

from pathlib import Path

import pytest
from fake_station import MS, NEVER, TICK_NS, FakeStation
from operated_table import DEMONSTRATED, PLANNED, Table
from test_score_sheet import TASK

from ros_wam.trial.outcome import UNMARKED, Outcome
from ros_wam.trial.procedure import Kind, Procedure
from ros_wam.trial.runner import TrialRunner, TrialState


def test_a_takeover_is_counted_and_may_be_handed_back() -> None:
    table = Table().start()
    assert "hand_back is not possible" in table.refused("hand_back")
    table.press("take_over")
    assert table.runner.progress(table.station.now_ns)["taken_over"]
    assert "take_over is not possible" in table.refused("take_over")
    table.wait(1.0)
    table.press("hand_back")
    table.press("take_over")
    assert table.station.calls[-3:] == ["take_over", "hand_back", "take_over"]
    table.press("success")
    trial = table.seal()
    assert (trial.takeovers, trial.valid) == (2, True)


@pytest.mark.parametrize(
    "procedure", [Procedure(TASK, operated=True), DEMONSTRATED], ids=["no device", "demonstration"]
)
def test_only_a_policys_robot_is_taken_over_and_only_with_a_device(procedure: Procedure) -> None:
    assert "take_over is not possible" in Table(procedure).start().refused("take_over")


def test_a_trial_that_nobody_operates_is_taken_over_too() -> None:
    station = FakeStation()
    station.delay_ns["place"] = 3000 * MS
    runner = TrialRunner(station, PLANNED, Path("bag"), "bag", procedure=Procedure(device=True))
    while runner.state is not TrialState.RUNNING:
        runner.tick(station.now_ns)
        station.now_ns += TICK_NS
    assert runner.can == ("stop", "success", "failure", "take_over")
    assert runner.command({"verb": "take_over"}, station.now_ns) is None
    station.run(runner)
    assert runner.trial is not None and runner.trial.takeovers == 1


@pytest.mark.parametrize("success", [True, False])
def test_a_demonstration_is_done_with_its_verdict(success: bool) -> None:
    table = Table(DEMONSTRATED).start()
    table.wait(100.0)
    assert table.runner.state is TrialState.RUNNING, "it is as long as it is"
    assert table.runner.progress(table.station.now_ns)["detail"] == "longer than the task's 20 s"
    table.press("success" if success else "failure")
    table.until(TrialState.SCORED)
    assert table.runner.trial is not None and table.runner.trial.valid
    assert table.runner.trial.outcome is (Outcome.SUCCESS if success else Outcome.FAILURE)


@pytest.mark.parametrize(("verb", "failure_class"), [("success", None), ("seal", UNMARKED), ("start", UNMARKED)])
def test_a_demonstration_that_was_stopped_waits_for_its_verdict(verb: str, failure_class: str | None) -> None:
    table = Table(DEMONSTRATED).start()
    table.press("stop")
    table.until(TrialState.MARKING)
    table.wait(10.0)
    table.press(verb)
    assert table.runner.trial is not None and table.runner.trial.valid
    assert table.runner.trial.failure_class == failure_class
    assert (table.runner.trial.comment == "not marked") == (failure_class is not None)


@pytest.mark.parametrize("by_hand", [False, True])
def test_only_a_person_demonstrates_for_as_long_as_it_takes(by_hand: bool) -> None:
    station = FakeStation()
    station.delay_ns["place"] = NEVER
    procedure = Procedure(TASK, Kind.DEMONSTRATIONS, device=True, by_hand=by_hand)
    runner = TrialRunner(station, PLANNED, Path("bag"), "bag", procedure=procedure)
    station.run(runner, until_s=100.0)
    assert (runner.trial is None) == by_hand
