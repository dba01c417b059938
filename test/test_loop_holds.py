"""What a hold costs: the chunk is taken up where it has got to, without a jerk; and what merely slows the robot."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from control_rig import ARM, HOME, TICKS_PER_S, UR5, Rig, away, started_rig
from gate_bench import wide
from motion_fixtures import SETTINGS, chunk_of, ramp, state_at

from ros_wam.causes import Action, Cause
from ros_wam.errors import ChunkRefused, DriverError, RobotStopped, StateStale
from ros_wam.ladder import LADDER, SLOW_SHARE
from ros_wam.types import FloatArray, JointState, Mode, StepRecord


def moving_rig(rad_s: float = 0.3, rig: Rig | None = None) -> Rig:
    """A robot that has followed a chunk of 4 s for half a second."""
    rig = rig or started_rig()
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.follow(ramp(HOME, away(0, 4.0 * rad_s), rows=121))
    rig.run(TICKS_PER_S // 2)
    return rig


def release(rig: Rig, ticks: int) -> list[StepRecord]:
    """Release the enable button for some ticks."""
    rig.enabled = False
    rig.loop.disable()
    records = rig.run(ticks)
    rig.enabled = True
    return records


def freeze(rig: Rig, ticks: int) -> list[StepRecord]:
    """Freeze the measured state for some ticks after it has become stale."""
    rig.robot.frozen_stamp_ns = rig.now_ns
    records = rig.run(5 + ticks)
    rig.robot.frozen_stamp_ns = None
    return records


@pytest.mark.parametrize("lose", [release, freeze])
def test_after_a_short_hold_the_chunk_is_taken_up_again_where_it_has_got_to(
    lose: Callable[[Rig, int], list[StepRecord]],
) -> None:
    rig = moving_rig()
    records = lose(rig, 2)
    records += rig.run(2 * TICKS_PER_S)
    assert records[-1].verdict.cause is None
    last = records[-1].target
    assert last is not None and last.provenance.chunk_id == 1
    np.testing.assert_allclose(rig.robot.position, last.position, atol=5e-3)  # not a moment behind
    check_jerk(records)


def check_jerk(records: list[StepRecord]) -> None:
    """The jerk limit holds at every sample that is not part of a hold."""
    positions = np.array([record.sent.position for record in records])
    jerk = np.diff(positions, n=3, axis=0)[:, ARM] / UR5.period_s**3
    is_open = np.array([record.verdict.cause is None for record in records])[3:]
    assert not is_open.all() and is_open.any()
    assert (np.abs(jerk[is_open]) <= UR5.jerk[ARM] + 1e-3).all()


def test_however_often_it_holds_nothing_jerks_in_between() -> None:
    rig, rng = moving_rig(0.3), np.random.default_rng(7)
    records = rig.run(3)
    for _ in range(12):
        if rig.loop._source.buffer.newest is None:
            rig.follow(ramp(rig.robot.position, away(0, 0.5, rig.robot.position), rows=61), number=2)
        rig.robot.force_n = float(rng.choice([0.0, 200.0]))
        records += (release, freeze)[rng.integers(2)](rig, int(rng.integers(1, 8)))
        rig.robot.force_n = 0.0
        records += rig.run(int(rng.integers(1, 60)))
    assert rig.loop.mode is Mode.POLICY
    check_jerk(records)


@pytest.mark.parametrize("lose", [release, freeze])
def test_a_chunk_that_has_gone_too_far_is_not_chased(lose: Callable[[Rig, int], list[StepRecord]]) -> None:
    rig = moving_rig()
    lose(rig, TICKS_PER_S * 7 // 10)
    held = rig.robot.position
    records = rig.run(TICKS_PER_S)
    assert [record.target for record in records] == [None] * TICKS_PER_S
    np.testing.assert_array_equal(rig.robot.position, held)
    assert rig.loop.cause is Cause.SOURCE_STALE


def test_a_chunk_that_comes_during_a_hold_is_followed_after_it() -> None:
    rig = moving_rig()
    rig.robot.force_n = 200.0
    rig.run(5)
    rig.robot.force_n = 0.0
    assert rig.loop._source.buffer.newest is None and not rig.loop.at_rest
    rig.follow(ramp(rig.robot.position, away(0, 0.3, rig.robot.position), rows=60), number=2)
    records = rig.run(TICKS_PER_S)
    assert records[0].verdict.cause is Cause.CONTACT_FORCE  # what has begun goes to rest
    assert records[-1].verdict.cause is None and not rig.loop.at_rest


@pytest.mark.parametrize("rad_s", [0.5, 1.0, 1.6, 1.9])
@pytest.mark.parametrize("leave", [False, True], ids=["contact", "mode"])
def test_a_chunk_that_went_on_while_a_fast_robot_braked_is_not_chased(rad_s: float, leave: bool) -> None:
    rig = moving_rig(rad_s, started_rig(embodiment=wide()))
    if leave:
        rig.loop.set_mode(Mode.HOLD, rig.now_ns)
        rig.run(2)
        rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    else:
        rig.robot.force_n = 200.0
        rig.run(5)
        rig.robot.force_n = 0.0
    rig.follow(ramp(rig.robot.position, away(0, 3.0 * rad_s, rig.robot.position), rows=91), number=2)
    records = rig.run(TICKS_PER_S)
    opened = next((record for record in records if record.verdict.cause is None), None)
    assert (opened is None) == (rad_s > 1.0)
    if opened is not None and opened.target is not None:
        ahead = np.abs(opened.target.position - opened.sent.position)[ARM].max()
        assert 0.0 < ahead <= UR5.start_distance_rad


def test_an_older_observation_is_not_followed_even_after_what_was_followed_is_forgotten() -> None:
    rig = moving_rig()
    seen_ns = rig.now_ns
    rig.run(10)
    rig.follow(ramp(rig.robot.position, HOME), number=2)
    rig.loop._source.buffer.clear()
    with pytest.raises(ChunkRefused, match="80 ms before that of the chunk that was accepted last"):
        rig.loop.accept(chunk_of(ramp(rig.robot.position, HOME), seen_ns, number=3), rig.now_ns)


def test_a_hold_never_means_move() -> None:
    rig = moving_rig(0.4)
    rig.enabled = False
    rig.loop.disable()
    records = rig.run(TICKS_PER_S)
    velocity = np.diff([record.sent.position[0] for record in records]) / UR5.period_s
    assert (np.diff(np.abs(velocity)) <= 1e-12).all()  # only slower, never back
    assert (velocity >= 0.0).all()
    assert velocity[20:].max() == 0.0


@pytest.mark.parametrize("override", [1.0, 0.5, 0.2])
def test_the_speed_override_scales_the_chunk_and_bounds_every_joint(override: float) -> None:
    rig = moving_rig(0.3, started_rig(settings=replace(SETTINGS, speed_override=override)))
    rig.run(3 * TICKS_PER_S // 2)
    assert rig.loop._gate.velocity[0] == pytest.approx(0.3 * override, rel=0.05)
    np.testing.assert_allclose(rig.loop._gate._velocity_limit[ARM], override * UR5.velocity[ARM])
    np.testing.assert_array_equal(rig.loop._gate._velocity_limit[~ARM], UR5.velocity[~ARM])


def test_towards_the_edge_of_the_workspace_it_is_slow_and_then_it_holds() -> None:
    rig = started_rig(settings=replace(SETTINGS, workspace_margin_m=0.2))
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.follow(ramp(HOME, away(1, 2.0), rows=121))
    rig.until(lambda: bool(rig.loop.active), TICKS_PER_S * 2)
    assert [(active.cause, active.action) for active in rig.loop.active] == [(Cause.NEAR_LIMIT, Action.SLOW)]
    assert rig.loop.cause is None
    rig.run(TICKS_PER_S)
    assert rig.loop._gate.velocity[1] == pytest.approx(0.5 * SLOW_SHARE, rel=0.1)
    rig.until(lambda: rig.loop.cause is Cause.WORKSPACE, TICKS_PER_S * 5)
    rig.run(TICKS_PER_S)
    assert rig.loop.at_rest  # and nothing is approached
    assert [active.cause for active in rig.loop.active] == [Cause.WORKSPACE, Cause.SOURCE_STALE]


def test_the_smallest_share_wins() -> None:
    rig = started_rig(settings=replace(SETTINGS, speed_override=0.1))
    moving_rig(0.3, rig)
    rig.robot.behind = np.eye(7)[3] * 0.16
    rig.run(round(0.9 * (LADDER[Cause.LAGGING].stop_after_s or 0.0) * TICKS_PER_S))
    assert [active.cause for active in rig.loop.active] == [Cause.LAGGING]
    assert rig.loop._gate.velocity[0] == pytest.approx(0.03, rel=0.1)


@pytest.mark.parametrize(
    ("force_n", "words"),
    [(np.array([np.nan]), "tool_force_n: holds values that are not finite"), (np.zeros(0), "shape")],
)
def test_a_force_that_is_no_number_or_not_there_is_a_lost_robot_and_not_no_force(
    force_n: FloatArray, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = moving_rig()

    def read() -> JointState:
        state = state_at(rig.robot.position, rig.now_ns)
        return JointState(state.stamp_ns, state.position, state.velocity, state.effort, force_n)

    monkeypatch.setattr(rig.robot, "read", read)
    rig.run(1)
    assert (rig.loop.mode, rig.loop.cause, rig.robot.stops) == (Mode.FAULT, Cause.DRIVER_LOST, 1)
    assert words in rig.loop.detail


def test_a_robot_that_was_stopped_and_then_lost_is_connected_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    rig, connected = moving_rig(), []
    monkeypatch.setattr(rig.robot, "connect", lambda: connected.append(True))
    rig.robot.failure = RobotStopped("protective stop")
    rig.run(1)
    rig.robot.failure = DriverError("link lost")
    rig.run(1)
    assert [active.cause for active in rig.loop.active] == [Cause.PROTECTIVE_STOP, Cause.DRIVER_LOST]
    assert (rig.loop.cause, rig.loop.detail, rig.robot.stops) == (Cause.PROTECTIVE_STOP, "protective stop", 1)
    rig.robot.failure = None
    rig.loop.recover()
    assert connected == [True]
    assert rig.run(1)[0].mode is Mode.HOLD


def test_the_way_home_outlasts_a_state_that_is_stale_for_a_moment() -> None:
    rig = started_rig(position=away(0, 0.4))
    rig.loop.home(rig.now_ns)
    rig.run(TICKS_PER_S)
    records = freeze(rig, 3)
    assert records[-1].verdict.cause is Cause.STATE_STALE
    assert rig.loop.mode is Mode.HOMING
    records += rig.run(2)
    rig.until(lambda: rig.loop.mode is not Mode.HOMING, 5 * TICKS_PER_S)
    assert rig.loop.at_home and rig.loop.cause is None


def test_a_late_tick_is_told_from_a_whole_period_on() -> None:
    rig = moving_rig()
    rig.late_ns = 7_999_999
    assert rig.run(3)[-1].late_ns == 7_999_999
    assert rig.loop.active == ()
    rig.late_ns = 8_000_000
    rig.run(1)
    assert [(active.cause, active.action) for active in rig.loop.active] == [(Cause.TICK_LATE, Action.WARN)]
    rig.late_ns = -5
    assert rig.run(1)[0].late_ns == 0


def test_a_chunk_is_accepted_also_in_a_tick_without_a_measurement() -> None:
    rig = started_rig()
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.robot.failure = StateStale("no new state of the gripper")
    rig.run(1)
    rig.follow(ramp(HOME, away(0, 0.3)))
    rig.robot.failure = None
    assert rig.run(3)[-1].verdict.cause is None
