"""What the control loop does when something is lost, stops, or leaves the workspace."""

from dataclasses import replace

import numpy as np
import pytest
from control_rig import HOME, TICKS_PER_S, UR5, Rig, away, started_rig
from motion_fixtures import START_NS, PerfectRobot, ramp, site

from ros_wam.causes import Cause, Limit
from ros_wam.clock import FakeClock
from ros_wam.embodiment import Workspace
from ros_wam.errors import (
    ChunkRefused,
    CommandInvalid,
    DriverError,
    DriverUnreachable,
    ModeRefused,
    RobotStopped,
    StateStale,
)
from ros_wam.motion.loop import build_control_loop
from ros_wam.types import Command, Mode


@pytest.fixture
def rig() -> Rig:
    return started_rig()


@pytest.fixture
def policy(rig: Rig) -> Rig:
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    return rig


def test_without_a_state_no_chunk_is_accepted_and_nothing_is_sent() -> None:
    clock = FakeClock(START_NS)
    perfect = PerfectRobot(UR5, clock)
    perfect.failure = StateStale("nothing came")
    rig = Rig(clock, perfect, build_control_loop(UR5, perfect, site()))
    record = rig.run(1)[0]
    assert record.state is None
    assert np.isnan(record.sent.position).all()
    assert perfect.sent == []
    assert (rig.loop.cause, rig.loop.detail) == (Cause.STATE_STALE, "nothing came")
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    with pytest.raises(ChunkRefused, match="not known yet"):
        rig.follow(ramp(HOME, HOME))
    assert not rig.loop.at_home


def test_losing_enable_stops_the_robot_and_a_chunk_that_went_on_without_it_is_forgotten(policy: Rig) -> None:
    policy.follow(ramp(HOME, away(0, 0.8), rows=60))
    policy.run(TICKS_PER_S // 2)
    policy.enabled = False
    records = policy.run(TICKS_PER_S)
    held = [record for record in records if record.verdict.cause is Cause.ENABLE_LOST]
    assert held[0].stamp_ns - records[0].stamp_ns <= 80_000_000
    assert any(item.limit is Limit.HOLD for item in held[0].verdict.interventions)
    np.testing.assert_array_equal(held[-1].sent.position, held[-2].sent.position)
    assert not policy.loop.is_enabled(policy.now_ns)
    assert policy.loop.cause is Cause.ENABLE_LOST
    policy.enabled = True
    before = policy.robot.position
    assert policy.run(TICKS_PER_S)[-1].target is None
    np.testing.assert_array_equal(policy.robot.position, before)
    policy.loop.disable()
    assert not policy.loop.is_enabled(policy.now_ns)


def test_a_stale_state_holds_and_motion_goes_on_with_the_next_chunk(policy: Rig) -> None:
    policy.follow(ramp(HOME, away(0, 0.4)))
    policy.run(TICKS_PER_S // 2)
    policy.robot.failure = StateStale("the timestamp does not advance")
    policy.run(5)
    assert (policy.loop.mode, policy.loop.cause) == (Mode.POLICY, Cause.STATE_STALE)
    assert policy.loop.detail == "the timestamp does not advance"
    policy.robot.failure = None
    policy.run(TICKS_PER_S)
    policy.follow(ramp(policy.robot.position, HOME), number=2)
    assert policy.run(5)[-1].verdict.cause is None
    assert (policy.loop.cause, policy.loop.detail) == (None, "")


def test_an_old_state_is_no_fresh_state(rig: Rig) -> None:
    rig.robot.frozen_stamp_ns = rig.now_ns
    rig.run(20)
    assert rig.loop.cause is Cause.STATE_STALE
    rig.robot.frozen_stamp_ns = None
    rig.run(1)
    assert rig.loop.cause is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (RobotStopped("protective stop"), Cause.PROTECTIVE_STOP),
        (DriverUnreachable("connection reset"), Cause.DRIVER_LOST),
        (DriverError("odd"), Cause.DRIVER_LOST),
    ],
)
def test_a_stopped_or_lost_robot_is_a_fault_until_it_is_recovered(
    policy: Rig, error: DriverError, cause: Cause
) -> None:
    policy.follow(ramp(HOME, away(0, 0.4)))
    policy.run(TICKS_PER_S // 2)
    policy.robot.failure = error
    record = policy.run(3)[-1]
    assert (policy.loop.mode, policy.loop.cause, policy.loop.detail) == (Mode.FAULT, cause, str(error))
    assert policy.robot.stops == 1
    assert np.isnan(record.sent.position).all()
    with pytest.raises(ModeRefused, match="recover"):
        policy.loop.home(policy.now_ns)
    policy.loop.set_mode(Mode.HOLD, policy.now_ns)
    assert policy.loop.mode is Mode.FAULT
    policy.robot.failure = None
    policy.robot.position = away(0, 0.3)  # the arm sagged while it was stopped
    policy.run(3)
    assert policy.loop.mode is Mode.FAULT
    policy.loop.recover()
    assert policy.loop.mode is Mode.HOLD
    np.testing.assert_array_equal(policy.run(1)[0].sent.position, away(0, 0.3))
    policy.loop.recover()
    assert policy.loop.mode is Mode.HOLD


def test_what_stops_a_robot_again_right_after_its_recovery_has_its_own_evidence(policy: Rig) -> None:
    for evidence in ("protective stop at joint 2", "protective stop at joint 3"):
        policy.robot.failure = RobotStopped(evidence)
        policy.run(1)
        assert (policy.loop.mode, policy.loop.detail) == (Mode.FAULT, evidence)
        policy.loop.recover()


def test_a_robot_that_sagged_unnoticeably_in_a_fault_goes_on_without_a_jerk(policy: Rig) -> None:
    policy.robot.failure = RobotStopped("protective stop")
    policy.run(2)
    policy.robot.failure, policy.robot.position = None, away(0, 5e-10)
    policy.run(1)
    policy.loop.recover()
    policy.loop.set_mode(Mode.TELEOP, policy.now_ns)
    policy.leader = HOME
    first = policy.run(1)[0].sent.position
    policy.leader = away(0, 0.14)
    sent = np.array([first] * 3 + [record.sent.position for record in policy.run(10)])
    jerk = np.diff(sent, 3, axis=0)[:, 0] / UR5.period_s**3
    assert 0.9 * UR5.jerk[0] < np.abs(jerk).max() <= UR5.jerk[0] * (1.0 + 1e-6)


def test_a_robot_that_stopped_by_itself_when_its_link_was_lost_recovers_at_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect() -> None:
        rig.robot.failure = RobotStopped("reflex (communication_constraints_violation)")

    monkeypatch.setattr(rig.robot, "connect", connect)
    rig.robot.failure = DriverError("the link is lost")
    rig.run(1)
    assert (rig.loop.mode, rig.loop.cause) == (Mode.FAULT, Cause.DRIVER_LOST)
    rig.loop.recover()
    rig.run(3)
    assert (rig.loop.mode, rig.loop.cause) == (Mode.HOLD, None)


def test_a_failed_recovery_leaves_the_fault(rig: Rig) -> None:
    rig.robot.failure = RobotStopped("emergency stop")
    rig.run(1)
    rig.robot.recover_failure = DriverError("the e-stop is still pressed")
    with pytest.raises(DriverError, match="still pressed"):
        rig.loop.recover()
    assert rig.loop.mode is Mode.FAULT


@pytest.mark.parametrize(
    ("error", "cause"),
    [(CommandInvalid("joint1 is odd"), Cause.COMMAND_INVALID), (RobotStopped("stopped"), Cause.PROTECTIVE_STOP)],
)
def test_a_command_that_the_driver_refuses_is_a_fault(rig: Rig, error: DriverError, cause: Cause) -> None:
    rig.robot.send_failure = error
    rig.run(1)
    assert (rig.loop.mode, rig.loop.cause) == (Mode.FAULT, cause)


def test_a_measurement_that_is_not_finite_is_a_lost_robot(policy: Rig) -> None:
    policy.follow(ramp(HOME, away(0, 0.4)))
    policy.run(TICKS_PER_S // 2)
    policy.robot.position = HOME * np.nan
    record = policy.run(1)[0]
    assert record.state is None
    assert (policy.loop.mode, policy.loop.cause, policy.robot.stops) == (Mode.FAULT, Cause.DRIVER_LOST, 1)
    assert "not finite" in policy.loop.detail


def test_a_stop_that_fails_too_is_told(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise DriverError("no dashboard")

    monkeypatch.setattr(rig.robot, "stop", broken)
    rig.robot.failure = RobotStopped("emergency stop")
    rig.run(1)
    assert rig.loop.detail == "emergency stop; and the robot's own stop failed: no dashboard"


def test_a_desired_position_that_is_not_finite_is_a_fault(policy: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    policy.follow(ramp(HOME, away(0, 0.1)))
    policy.run(5)
    monkeypatch.setattr(policy.loop._smoother, "step", lambda _, now_ns: Command(now_ns, HOME * np.nan))
    record = policy.run(1)[0]
    assert np.isfinite(record.sent.position).all()
    assert (policy.loop.mode, policy.loop.cause) == (Mode.FAULT, Cause.COMMAND_INVALID)


def test_a_robot_that_does_not_follow_is_stopped(policy: Rig) -> None:
    policy.robot.stuck = True
    policy.follow(ramp(HOME, away(2, 0.6)))
    policy.until(lambda: policy.loop.mode is Mode.FAULT, TICKS_PER_S)
    assert (policy.loop.cause, policy.robot.stops) == (Cause.NOT_FOLLOWING, 1)
    assert "joint3 is 0.3" in policy.loop.detail and "at most 0.3 rad" in policy.loop.detail
    assert np.abs(policy.robot.sent[-1] - HOME).max() < UR5.tracking_rad + 0.02
    policy.robot.stuck = False
    policy.loop.recover()
    np.testing.assert_array_equal(policy.run(5)[-1].sent.position, HOME)


@pytest.fixture
def fenced() -> Rig:
    """A robot inside a box that its home is 0.1 m outside of."""
    box = Workspace((-0.80, 0.10, 0.005), (-0.15, 0.55, 0.60))
    arm = replace(UR5.arms["arm"], workspace=box)
    return started_rig(replace(UR5, arms={"arm": arm}), away(0, -0.4))


def test_a_chunk_that_leaves_the_workspace_is_forgotten_and_another_may_lead_back(fenced: Rig) -> None:
    fenced.loop.set_mode(Mode.POLICY, fenced.now_ns)
    fenced.follow(ramp(away(0, -0.4), HOME))
    fenced.until(lambda: fenced.loop.cause is Cause.WORKSPACE, TICKS_PER_S)
    assert fenced.loop.mode is Mode.POLICY
    assert fenced.run(1)[0].target is None
    fenced.run(TICKS_PER_S)
    assert fenced.loop.at_rest
    fenced.follow(ramp(fenced.robot.position, away(0, -0.4)), number=2)
    assert fenced.run(5)[-1].verdict.cause is None
    assert fenced.loop.cause is None


def test_a_way_home_that_leaves_the_workspace_is_not_begun(fenced: Rig) -> None:
    fenced.loop.home(fenced.now_ns)
    fenced.until(lambda: fenced.loop.mode is Mode.HOLD, TICKS_PER_S)
    assert fenced.loop.cause is Cause.NO_WAY_HOME
    assert "the straight way home is refused (workspace): tool would be at [" in fenced.loop.detail
    fenced.run(TICKS_PER_S)
    np.testing.assert_array_equal(fenced.robot.position, away(0, -0.4))
    fenced.loop.set_mode(Mode.POLICY, fenced.now_ns)
    assert fenced.run(2)[-1].mode is Mode.POLICY
