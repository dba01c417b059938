"""Who moves the robot: what a change of mode does to the one who moved it before, and the way home."""

import numpy as np
import pytest
from control_rig import ARM, HOME, TICKS_PER_S, UR5, Rig, away, started_rig
from motion_fixtures import chunk_of, ramp

import ros_wam.motion.homing as homing
from ros_wam.causes import Cause, RefusalReason
from ros_wam.errors import ChunkRefused, DriverError, ModeRefused
from ros_wam.types import Command, FloatArray, Mode


@pytest.fixture
def rig() -> Rig:
    return started_rig()


@pytest.fixture
def policy(rig: Rig) -> Rig:
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    return rig


def test_homing_goes_home_slowly_and_then_holds(rig: Rig) -> None:
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.follow(ramp(HOME, away(0, 0.4), rows=60))
    rig.run(TICKS_PER_S)
    rig.loop.home(rig.now_ns)
    assert not rig.loop.at_home
    positions: list[FloatArray] = []

    def homed() -> bool:
        positions.append(rig.robot.position)
        return rig.loop.mode is Mode.HOLD

    rig.until(homed)
    assert rig.loop.at_home
    assert rig.loop.cause is None
    np.testing.assert_allclose(rig.robot.position, HOME, atol=2e-3)
    speed = np.abs(np.diff(positions[TICKS_PER_S // 2 :], axis=0)).max() / UR5.period_s
    assert speed <= 1.1 * homing.SPEED * UR5.velocity[0]


def test_homing_waits_for_enable_but_not_for_ever(rig: Rig) -> None:
    rig.enabled = False
    rig.run(20)
    rig.loop.home(rig.now_ns)
    rig.run(TICKS_PER_S)
    assert rig.loop.mode is Mode.HOMING
    rig.until(lambda: rig.loop.mode is Mode.HOLD, 2 * TICKS_PER_S)
    assert rig.loop.cause is Cause.ENABLE_LOST


def test_homing_ends_when_enable_is_lost(rig: Rig) -> None:
    rig.robot.position = away(0, 0.1)
    rig.robot.stop()
    rig.loop._gate.reseed()
    rig.run(1)
    rig.loop.home(rig.now_ns)
    rig.run(20)
    rig.enabled = False
    rig.run(TICKS_PER_S)
    assert (rig.loop.mode, rig.loop.cause) == (Mode.HOLD, Cause.ENABLE_LOST)


def test_a_way_home_that_cannot_be_planned_is_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(homing.Ruckig):  # type: ignore[misc]
        def calculate(self, *_: object) -> None:
            raise homing.RuckigError("error in step 2")

    monkeypatch.setattr(homing, "Ruckig", Broken)
    rig.loop.home(rig.now_ns)
    rig.run(1)
    assert rig.loop.mode is Mode.HOLD
    assert "error in step 2" in rig.loop.detail

    monkeypatch.setattr(Broken, "calculate", lambda *_: homing.Result.ErrorInvalidInput)
    with pytest.raises(ModeRefused, match="ErrorInvalidInput"):
        homing.plan_homing(UR5, HOME, 0, 1)


def test_a_robot_that_was_moved_by_hand_is_taken_where_it_is(rig: Rig) -> None:
    rig.robot.position = away(0, 0.2)
    rig.loop._state = rig.robot.read()
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    np.testing.assert_array_equal(rig.run(1)[0].sent.position, away(0, 0.2))
    rig.loop.set_mode(Mode.HOLD, rig.now_ns)
    rig.robot.position = away(0, 0.21)
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    assert (rig.robot.stops, rig.loop.mode) == (1, Mode.POLICY)
    np.testing.assert_array_equal(rig.run(1)[0].sent.position, away(0, 0.2))


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_a_robot_that_was_moved_by_hand_waits_for_as_long_as_it_must(rig: Rig, seconds: float) -> None:
    rig.robot.behind = away(3, 0.2) - HOME
    rig.run(round(seconds * TICKS_PER_S))
    assert (rig.loop.active, rig.robot.stops) == ((), 0)
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    assert (rig.robot.stops, rig.loop.mode) == (1, Mode.POLICY)


def test_a_robot_that_is_moved_too_far_by_hand_is_stopped(rig: Rig) -> None:
    rig.robot.behind = away(3, 0.31) - HOME
    rig.run(1)
    assert (rig.loop.mode, rig.loop.cause, rig.robot.stops) == (Mode.FAULT, Cause.NOT_FOLLOWING, 1)


def test_a_leader_device_is_followed_by_a_robot_that_is_behind_and_not_by_one_that_does_not_follow(rig: Rig) -> None:
    rig.loop.set_mode(Mode.TELEOP, rig.now_ns)
    rig.leader = away(5, 0.1)
    rig.run(TICKS_PER_S // 4)
    rig.robot.behind = away(3, 0.16) - HOME
    for _ in range(3 * TICKS_PER_S // 2):
        rig.leader = away(5, 0.1, rig.robot.position)
        assert not rig.run(1)[0].verdict.interventions
    assert (rig.loop.mode, rig.loop.active, rig.robot.stops) == (Mode.TELEOP, (), 0)
    assert not rig.loop.at_rest
    rig.robot.behind = away(3, 0.31) - HOME
    rig.run(1)
    assert (rig.loop.mode, rig.loop.cause, rig.robot.stops) == (Mode.FAULT, Cause.NOT_FOLLOWING, 1)


@pytest.mark.parametrize(("taken_by", "stops"), [(Mode.HOLD, 1), (Mode.HOMING, 1), (Mode.TELEOP, 0)])
def test_a_lag_that_a_chunk_led_to_is_counted_on_unless_a_leader_device_takes_over(
    policy: Rig, taken_by: Mode, stops: int
) -> None:
    policy.follow(ramp(HOME, away(0, 0.4), rows=60))
    policy.run(TICKS_PER_S // 4)
    policy.robot.behind = away(3, 0.16) - HOME
    policy.run(TICKS_PER_S // 2)
    policy.loop.set_mode(taken_by, policy.now_ns)
    policy.run(3 * TICKS_PER_S // 4)
    assert policy.robot.stops == stops
    assert policy.loop.cause is (Cause.LAGGING if stops else Cause.LEADER_LOST)


def test_a_robot_that_cannot_be_stopped_where_it_was_moved_to_keeps_its_mode(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise DriverError("no dashboard")

    monkeypatch.setattr(rig.robot, "stop", broken)
    rig.robot.position = away(0, 0.2)
    rig.run(1)
    with pytest.raises(DriverError, match="no dashboard"):
        rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    assert rig.loop.mode is Mode.HOLD
    with pytest.raises(ChunkRefused, match="mode is HOLD"):
        rig.follow(ramp(away(0, 0.2), HOME))


@pytest.mark.parametrize("taken_by", [Mode.HOLD, Mode.TELEOP, Mode.FAULT])
def test_what_was_seen_before_the_policy_was_stopped_is_not_followed_after(policy: Rig, taken_by: Mode) -> None:
    policy.follow(ramp(HOME, away(0, 0.3)))
    policy.run(TICKS_PER_S // 3)
    seen_ns, rows = policy.now_ns, ramp(policy.robot.position, away(0, 0.3))
    if taken_by is Mode.FAULT:
        policy.robot.failure = DriverError("odd")
        policy.run(1)
        policy.robot.failure = None
        policy.loop.recover()
    else:
        policy.clock.advance_ns(1)
        policy.loop.set_mode(taken_by, policy.now_ns)
    policy.run(20)
    policy.loop.set_mode(Mode.POLICY, policy.now_ns)
    with pytest.raises(ChunkRefused, match="before POLICY was left") as caught:
        policy.loop.accept(chunk_of(rows, seen_ns, number=2), policy.now_ns)
    assert caught.value.reason is RefusalReason.EXPIRED
    policy.run(1)
    policy.follow(ramp(policy.robot.position, away(0, 0.3)), number=3)


def test_what_was_seen_just_before_the_policy_may_begin_is_followed(rig: Rig) -> None:
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.loop.home(rig.now_ns)
    rig.until(lambda: rig.loop.mode is Mode.HOLD)
    seen_ns = rig.now_ns
    rig.run(12)
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.loop.accept(chunk_of(ramp(rig.robot.position, away(0, 0.3)), seen_ns), rig.now_ns)


def test_teleop_pre_empts_the_policy_within_a_period(policy: Rig) -> None:
    policy.follow(ramp(HOME, away(0, 0.2)))
    policy.run(TICKS_PER_S // 2)
    policy.loop.set_mode(Mode.TELEOP, policy.now_ns)
    assert policy.run(1)[0].target is None
    with pytest.raises(ChunkRefused, match="mode is TELEOP"):
        policy.follow(ramp(HOME, HOME), number=2)
    goal = policy.robot.position + 0.05 * ARM
    for _ in range(2 * TICKS_PER_S):
        policy.loop.teleoperate(Command(policy.now_ns, goal), policy.now_ns)
        policy.run(1)
    np.testing.assert_allclose(policy.robot.position, goal, atol=2e-3)
    with pytest.raises(ChunkRefused, match="non_finite"):
        policy.loop.teleoperate(Command(policy.now_ns, goal * np.nan), policy.now_ns)
    with pytest.raises(ChunkRefused, match=r"0\.081 s old, at most 0\.08 s"):
        policy.loop.teleoperate(Command(policy.now_ns - 81_000_000, goal), policy.now_ns)
    policy.loop.set_mode(Mode.POLICY, policy.now_ns)
    with pytest.raises(ChunkRefused, match="mode is POLICY"):
        policy.loop.teleoperate(Command(policy.now_ns, goal), policy.now_ns)


def test_fault_is_no_mode_to_ask_for(rig: Rig) -> None:
    with pytest.raises(ModeRefused, match="HOLD, POLICY, TELEOP or HOMING"):
        rig.loop.set_mode(Mode.FAULT, rig.now_ns)
