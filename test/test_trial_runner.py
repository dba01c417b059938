"""A trial's course, in virtual time: what it comes to, and how every fault and every wait ends."""

from pathlib import Path

import pytest
from fake_station import MS, NEVER, TICK_NS, FakeStation

from ros_wam.causes import Cause
from ros_wam.trial.outcome import POLICYS_OWN, Outcome, Trial
from ros_wam.trial.plan import PlannedTrial
from ros_wam.trial.runner import HOPELESS, SUCCESS_HOLD_S, Timeouts, TrialRunner, TrialState

PLANNED = PlannedTrial("001", "stack", "ur5", "p", "stack the blocks", seed=7, time_limit_s=20.0)


def make(station: FakeStation) -> TrialRunner:
    return TrialRunner(station, PLANNED, Path("sitting/trials/001/bag"), "trials/001/bag", Timeouts())


def run(station: FakeStation) -> Trial:
    runner = make(station)
    station.run(runner)
    assert runner.trial is not None, f"still {runner.state} at {station.now_ns * 1e-9} s"
    assert runner.state is TrialState.SCORED
    return runner.trial


def until(station: FakeStation, runner: TrialRunner, state: TrialState) -> None:
    while runner.state is not state:
        runner.tick(station.now_ns)
        station.now_ns += TICK_NS


def test_success() -> None:
    station = FakeStation()
    trial = run(station)
    assert (trial.outcome, trial.valid, trial.cause, trial.score) == (Outcome.SUCCESS, True, None, 1.0)
    assert trial.bag == "trials/001/bag"
    assert station.calls == ["reset", "home", "prepare", "start", "stop"]
    assert trial.duration_s == pytest.approx(0.2 + SUCCESS_HOLD_S, abs=0.06)


def test_success_that_does_not_hold_is_not_one() -> None:
    station = FakeStation()
    station.dropped_at_ns = 1200 * MS
    trial = run(station)
    assert (trial.outcome, trial.valid, trial.score) == (Outcome.FAILURE, True, 0.4)
    assert trial.duration_s == pytest.approx(20.0, abs=0.06)
    assert trial.comment == "time limit of 20 s"


def test_success_that_begins_before_the_limit_may_hold_past_it() -> None:
    station = FakeStation()
    station.delay_ns["place"] = 19_900 * MS
    assert run(station).outcome is Outcome.SUCCESS


@pytest.mark.parametrize(
    "cause", sorted(set(Cause) - POLICYS_OWN - {Cause.OPERATOR_STOP}, key=lambda cause: cause.value)
)
def test_a_fault_while_running_makes_the_trial_invalid(cause: Cause) -> None:
    station = FakeStation()
    station.delay_ns["place"] = NEVER
    station.broken, station.broken_at_ns = (cause, "evidence"), 5000 * MS
    trial = run(station)
    assert (trial.outcome, trial.valid, trial.cause) == (Outcome.ABORTED, False, cause)
    assert trial.comment == "evidence"
    assert trial.score == 0.4, "what was achieved before the fault is kept"
    assert "stop" in station.calls


def test_a_policy_that_pushes_until_the_robot_stops_has_failed() -> None:
    station = FakeStation()
    station.delay_ns["place"] = NEVER
    station.broken, station.broken_at_ns = (Cause.CONTACT_FORCE, "60 N at the tool"), 5000 * MS
    trial = run(station)
    assert (trial.outcome, trial.valid, trial.cause) == (Outcome.FAILURE, True, None)
    assert (trial.failure_class, trial.comment, trial.score) == ("contact_force", "60 N at the tool", 0.4)
    assert trial.duration_s == pytest.approx(4.4, abs=0.3)


@pytest.mark.parametrize(
    ("verb", "cause", "detail", "calls"),
    [
        ("reset", Cause.NOT_READY, "the scene was not laid out", ["reset", "stop"]),
        ("home", Cause.NOT_READY, "the robot did not reach home", ["reset", "home", "stop"]),
        ("ready", Cause.NOT_READY, "wrist: no image for 2.0 s", ["reset", "home", "stop"]),
        ("prepare", Cause.RECORD_FAILED, "the recorder did not confirm", ["reset", "home", "prepare", "stop"]),
    ],
)
def test_every_wait_ends_in_a_cause(verb: str, cause: Cause, detail: str, calls: list[str]) -> None:
    station = FakeStation()
    station.delay_ns[verb] = NEVER
    trial = run(station)
    assert (trial.outcome, trial.valid, trial.cause) == (Outcome.ABORTED, False, cause)
    assert detail in trial.comment
    assert "waited" in trial.comment
    assert trial.duration_s == 0.0
    assert station.calls == calls
    assert (trial.bag is None) == ("prepare" not in calls)


def test_what_the_station_reports_is_a_better_cause_than_the_wait() -> None:
    station = FakeStation()
    station.delay_ns["home"] = NEVER
    station.broken, station.broken_at_ns = (Cause.PROTECTIVE_STOP, "joint 3"), 0
    trial = run(station)
    assert trial.cause is Cause.PROTECTIVE_STOP


@pytest.mark.parametrize("cause", sorted(HOPELESS, key=lambda cause: cause.value))
def test_what_is_hopeless_is_not_waited_for(cause: Cause) -> None:
    station = FakeStation()
    station.delay_ns["home"] = NEVER
    station.broken, station.broken_at_ns = (cause, "robot_node has ended"), 1_000_000_000
    assert run(station).cause is cause
    assert station.now_ns < 2_000_000_000


def test_a_fault_that_passes_before_the_trial_is_waited_out() -> None:
    station = FakeStation()
    station.broken, station.broken_at_ns = (Cause.PROCESS_DIED, "camera_node"), 0
    runner = make(station)
    until(station, runner, TrialState.PREPARING)
    station.broken = None
    station.run(runner)
    assert runner.trial is not None and runner.trial.outcome is Outcome.SUCCESS


def test_a_fault_while_the_recorder_opens_aborts_before_the_robot_moves() -> None:
    station = FakeStation()
    station.broken, station.broken_at_ns = (Cause.RECORD_FAILED, "disk full"), 0
    trial = run(station)
    assert trial.cause is Cause.RECORD_FAILED
    assert "start" not in station.calls


def test_a_bag_that_does_not_close_invalidates_but_keeps_the_outcome() -> None:
    station = FakeStation()
    station.delay_ns["stop"] = NEVER
    trial = run(station)
    assert (trial.outcome, trial.valid, trial.cause) == (Outcome.SUCCESS, False, Cause.RECORD_FAILED)


def test_a_recording_that_fails_at_the_end_invalidates_at_once() -> None:
    station = FakeStation()
    runner = make(station)
    until(station, runner, TrialState.STOPPING)
    station.broken, station.broken_at_ns = (Cause.RECORD_FAILED, "the disk is full"), station.now_ns
    station.run(runner, until_s=station.now_ns * 1e-9 + 1.0)
    assert runner.trial is not None
    assert (runner.trial.outcome, runner.trial.valid) == (Outcome.SUCCESS, False)
    assert (runner.trial.cause, runner.trial.comment) == (Cause.RECORD_FAILED, "the disk is full")


def test_what_breaks_after_the_end_spoils_nothing() -> None:
    station = FakeStation()
    runner = make(station)
    until(station, runner, TrialState.STOPPING)
    station.broken, station.broken_at_ns = (Cause.CAMERA_STALE, "wrist"), station.now_ns
    station.run(runner)
    assert runner.trial is not None and runner.trial.valid


def test_the_first_cause_is_kept_when_stopping_fails_too() -> None:
    station = FakeStation()
    station.delay_ns.update(stop=NEVER, place=NEVER)
    station.broken, station.broken_at_ns = (Cause.POLICY_TIMEOUT, "2 s"), 3000 * MS
    assert run(station).cause is Cause.POLICY_TIMEOUT


@pytest.mark.parametrize("state", [s for s in TrialState if s.value not in ("scored", "stopping", "marking")])
def test_the_operator_stops_in_any_state(state: TrialState) -> None:
    station = FakeStation()
    runner = make(station)
    while runner.state is not state:
        runner.tick(station.now_ns)
        station.now_ns += TICK_NS
    runner.operator_stop()
    station.run(runner, until_s=station.now_ns * 1e-9 + 1.0)
    assert runner.trial is not None
    assert (runner.trial.outcome, runner.trial.cause) == (Outcome.ABORTED, Cause.OPERATOR_STOP)
    assert not runner.trial.valid
    assert ("home" in station.calls) == bool(station.enabled_ns), "a hand may be in the scene until then"


@pytest.mark.parametrize("success", [True, False])
def test_the_operators_verdict_counts(success: bool) -> None:
    station = FakeStation()
    station.delay_ns["place"] = NEVER
    runner = make(station)
    runner.operator_mark(success)  # ignored: nothing runs yet
    while runner.state is not TrialState.RUNNING:
        runner.tick(station.now_ns)
        station.now_ns += TICK_NS
    runner.operator_mark(success)
    station.run(runner)
    assert runner.trial is not None
    assert runner.trial.outcome is (Outcome.SUCCESS if success else Outcome.FAILURE)
    assert runner.trial.valid


def test_the_robot_is_enabled_from_homing_to_the_end_and_at_no_other_time() -> None:
    station = FakeStation()
    runner = make(station)
    while runner.state is not TrialState.HOMING:
        runner.tick(station.now_ns)
        assert not station.enabled_ns
        station.now_ns += TICK_NS
    station.run(runner)
    gaps = {b - a for a, b in zip(station.enabled_ns, station.enabled_ns[1:], strict=False)}
    assert gaps == {TICK_NS}
    count = len(station.enabled_ns)
    runner.tick(station.now_ns)
    assert len(station.enabled_ns) == count


def test_progress_shows_what_is_waited_for() -> None:
    station = FakeStation()
    station.delay_ns["ready"] = NEVER
    runner = make(station)
    seen = set()
    for _ in range(40):
        runner.tick(station.now_ns)
        seen.add(runner.progress(station.now_ns)["detail"])
        station.now_ns += TICK_NS
    assert seen == {"the scene to be laid out", "the robot to reach home", "wrist: no image for 2.0 s"}
