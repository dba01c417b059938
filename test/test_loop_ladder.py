"""Every rung that the control process watches: within its delay nothing, at its delay its action, then its recovery.

`RUNGS` says how to bring each condition about while the robot moves; `LADDER` says what must follow.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from control_rig import HOME, PERIOD_NS, TICKS_PER_S, UR5, Rig, away, started_rig
from motion_fixtures import ramp

from ros_wam.causes import Action, Cause
from ros_wam.errors import DriverError, RobotStopped
from ros_wam.ladder import LADDER, SLOW_SHARE, Active, Recovery
from ros_wam.types import Command, Mode, StepRecord

SPEED = 0.3


class Condition(NamedTuple):
    """How to bring it about, and how to end it."""

    begin: Callable[[Rig], None]
    end: Callable[[Rig], None]
    mode: Mode = Mode.POLICY


def put(owner: str, name: str, value: object) -> Callable[[Rig], None]:
    """Return what sets an attribute of the rig's `robot`, or of the `rig`; a callable is asked for the value."""

    def change(rig: Rig) -> None:
        setattr(rig if owner == "rig" else rig.robot, name, value(rig) if callable(value) else value)

    return change


def lag(rad: float) -> Callable[[Rig], None]:
    return put("robot", "behind", np.eye(7)[3] * rad)


def fail(error: DriverError) -> Condition:
    return Condition(put("robot", "failure", error), put("robot", "failure", None))


def break_smoother(rig: Rig) -> None:
    rig.loop._smoother.step = lambda _, now_ns: Command(now_ns, HOME * np.nan)  # type: ignore[method-assign]


def forget_chunk(rig: Rig) -> None:
    rig.loop._source.buffer.clear()


RUNGS = {
    Cause.TICK_LATE: Condition(put("rig", "late_ns", PERIOD_NS), put("rig", "late_ns", PERIOD_NS - 1)),
    Cause.LAGGING: Condition(lag(0.16), lag(0.0)),
    Cause.SOURCE_STALE: Condition(forget_chunk, lambda rig: None),
    Cause.LEADER_LOST: Condition(put("rig", "leader", None), lambda rig: None, Mode.TELEOP),
    Cause.ENABLE_LOST: Condition(put("rig", "enabled", False), put("rig", "enabled", True)),
    Cause.CONTACT_FORCE: Condition(put("robot", "force_n", 100.1), put("robot", "force_n", 100.0)),
    Cause.STATE_STALE: Condition(
        put("robot", "frozen_stamp_ns", lambda rig: rig.now_ns), put("robot", "frozen_stamp_ns", None)
    ),
    Cause.COMMAND_INVALID: Condition(break_smoother, lambda rig: None),
    Cause.NOT_FOLLOWING: Condition(lag(0.31), lag(0.0)),
    Cause.PROTECTIVE_STOP: fail(RobotStopped("protective stop")),
    Cause.DRIVER_LOST: fail(DriverError("link lost")),
}
BY_MOTION = {Cause.NEAR_LIMIT, Cause.WORKSPACE, Cause.NO_WAY_HOME}
"""Conditions that the motion itself brings about, tested elsewhere."""

each_rung = pytest.mark.parametrize("cause", RUNGS, ids=lambda cause: cause.value)


def moving_rig(mode: Mode = Mode.POLICY) -> Rig:
    """A robot that has moved for half a second."""
    rig = started_rig()
    rig.loop.set_mode(mode, rig.now_ns)
    if mode is Mode.TELEOP:
        rig.leader = away(0, 0.14)
    else:
        rig.follow(ramp(HOME, away(0, 4 * SPEED), rows=121))
    rig.run(TICKS_PER_S // 2)
    assert rig.loop.active == ()
    assert speed(rig) > 0.02
    return rig


def speed(rig: Rig) -> float:
    return abs(float(rig.loop._gate.velocity[0]))


def acting(rig: Rig, cause: Cause) -> Active | None:
    return next((active for active in rig.loop.active if active.cause is cause), None)


def begin(rig: Rig, cause: Cause) -> tuple[Active, StepRecord, list[StepRecord]]:
    """Begin the condition; return what acts as soon as it acts, that tick, and those before."""
    RUNGS[cause].begin(rig)
    before: list[StepRecord] = []
    for _ in range(TICKS_PER_S):
        record = rig.run(1)[0]
        active = acting(rig, cause)
        if active is not None:
            return active, record, before
        before.append(record)
    raise AssertionError(f"{cause} never acts")


def test_every_cause_of_the_control_process_is_here() -> None:
    watched = list(LADDER)[: list(LADDER).index(Cause.CONTROL_PROCESS_DIED)]
    assert RUNGS.keys() | BY_MOTION == set(watched)


@each_rung
def test_within_its_delay_nothing_happens_and_at_its_delay_its_action(cause: Cause) -> None:
    rig, rung = moving_rig(RUNGS[cause].mode), LADDER[cause]
    active, record, before = begin(rig, cause)
    delay_ns = rung.delay_ns(UR5.period_s)
    assert delay_ns <= record.stamp_ns - active.since_ns < delay_ns + PERIOD_NS
    assert active.action is rung.action
    assert all(earlier.verdict.cause is None for earlier in before)
    assert rig.loop.active[0].action is rung.action
    if rung.action >= Action.HOLD:
        assert rig.loop.cause is cause
        assert rig.loop.detail
    else:
        assert rig.loop.cause is None
    assert (rig.loop.mode is Mode.FAULT) is (rung.action is Action.STOP)
    assert rig.robot.stops == (rung.action is Action.STOP)


@each_rung
def test_what_holds_or_stops_brings_the_robot_to_rest_and_nothing_else_does(cause: Cause) -> None:
    rig, rung = moving_rig(RUNGS[cause].mode), LADDER[cause]
    begin(rig, cause)
    stops_s = rung.stop_after_s if rung.action < Action.HOLD else None
    records = rig.run(round((1.5 if stops_s is None else 0.9 * stops_s) * TICKS_PER_S))
    if rung.action is Action.HOLD:
        assert rig.loop.at_rest
        if rung.stop_after_s is None:
            assert {record.verdict.cause for record in records} == {cause}
    elif rung.action is Action.STOP:
        assert all(np.isnan(record.sent.position).all() for record in records)
    else:
        assert all(record.verdict.cause is None for record in records)
        share = SLOW_SHARE if rung.action is Action.SLOW else 1.0
        slowing_on = 0.15 if stops_s is not None else 0.05
        assert speed(rig) == pytest.approx(share * SPEED, rel=slowing_on)


@each_rung
def test_its_recovery_and_nothing_else_ends_it(cause: Cause) -> None:
    rig, rung = moving_rig(RUNGS[cause].mode), LADDER[cause]
    begin(rig, cause)
    rig.run(3)
    RUNGS[cause].end(rig)
    rig.run(30 + round(rung.release_s * TICKS_PER_S))
    if rung.recovery is Recovery.ITSELF:
        assert rig.loop.active == ()
        rig.run(TICKS_PER_S)
        assert speed(rig) == pytest.approx(SPEED, rel=0.05)
    elif rung.recovery is Recovery.NEW_CHUNK:
        assert rig.loop.at_rest and rig.loop.cause is cause
        goal = away(0, 0.1) - HOME + rig.robot.position
        if rig.loop.mode is Mode.TELEOP:
            rig.leader = goal
        else:
            rig.follow(ramp(rig.robot.position, goal), number=2)
        rig.run(20)
        assert rig.loop.active == ()
        assert speed(rig) > 0.02
    else:
        assert acting(rig, cause) is not None and rig.loop.mode is Mode.FAULT
        rig.loop.recover()
        assert (rig.loop.mode, rig.loop.active, rig.loop.cause) == (Mode.HOLD, (), None)


@pytest.mark.parametrize("cause", [cause for cause in RUNGS if LADDER[cause].stop_after_s is not None])
def test_what_lasts_too_long_stops_the_robot(cause: Cause) -> None:
    rig, rung = moving_rig(), LADDER[cause]
    assert rung.stop_after_s is not None
    active, _, _ = begin(rig, cause)
    due_ns = active.since_ns + rung.delay_ns(UR5.period_s) + round(rung.stop_after_s * 1e9)
    rig.run((due_ns - rig.now_ns - 1) // PERIOD_NS)
    assert rig.loop.mode is Mode.POLICY and rig.robot.stops == 0
    rig.run(1)
    assert rig.loop.active[0] == Active(cause, active.since_ns, Action.STOP)
    assert (rig.loop.mode, rig.loop.cause, rig.robot.stops) == (Mode.FAULT, cause, 1)
    RUNGS[cause].end(rig)
    rig.run(TICKS_PER_S)
    assert rig.loop.mode is Mode.FAULT
    rig.loop.recover()
    assert rig.run(1)[0].mode is Mode.HOLD


def test_while_nothing_is_to_move_the_robot_its_sources_are_not_missed() -> None:
    rig = started_rig()
    rig.enabled = False
    assert rig.run(TICKS_PER_S)[-1].verdict.cause is Cause.ENABLE_LOST
    assert (rig.loop.active, rig.loop.cause, rig.loop.detail) == ((), None, "")
    rig.robot.force_n = 200.0
    rig.run(4)
    assert rig.loop.cause is Cause.CONTACT_FORCE


def test_of_several_causes_the_most_severe_decides() -> None:
    rig = moving_rig()
    for cause in (Cause.TICK_LATE, Cause.LAGGING, Cause.ENABLE_LOST, Cause.STATE_STALE):
        RUNGS[cause].begin(rig)
    rig.run(15)
    actions = [(active.cause, active.action) for active in rig.loop.active]
    assert actions == [
        (Cause.STATE_STALE, Action.HOLD),
        (Cause.ENABLE_LOST, Action.HOLD),
        (Cause.LAGGING, Action.SLOW),
        (Cause.TICK_LATE, Action.WARN),
    ]
    RUNGS[Cause.PROTECTIVE_STOP].begin(rig)
    rig.run(1)
    assert (rig.loop.cause, rig.loop.mode) == (Cause.PROTECTIVE_STOP, Mode.FAULT)
