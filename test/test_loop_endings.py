"""What ends a motion is named until another is followed, and nothing that was observed before it is followed."""

from collections.abc import Callable

import numpy as np
import pytest
from control_rig import HOME, TICKS_PER_S, Rig, away, started_rig
from motion_fixtures import chunk_of, ramp

from ros_wam.causes import Action, Cause
from ros_wam.errors import ChunkRefused
from ros_wam.ladder import LADDER, Active
from ros_wam.types import Mode


def press(rig: Rig) -> None:
    rig.robot.force_n = 200.0
    rig.until(lambda: rig.loop.cause is Cause.CONTACT_FORCE, TICKS_PER_S)
    rig.robot.force_n = 0.0


def reach_out(rig: Rig) -> None:
    rig.until(lambda: rig.loop.cause is Cause.WORKSPACE, 3 * TICKS_PER_S)


each_ending = pytest.mark.parametrize(("cause", "end"), [(Cause.CONTACT_FORCE, press), (Cause.WORKSPACE, reach_out)])


@pytest.fixture
def rig() -> Rig:
    """A robot that will reach the edge of its workspace."""
    rig = started_rig()
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.follow(ramp(HOME, away(2, -1.0), rows=61))
    rig.run(TICKS_PER_S // 2)
    return rig


@each_ending
def test_it_is_named_until_something_else_is_followed(rig: Rig, cause: Cause, end: Callable[[Rig], None]) -> None:
    end(rig)
    begun = rig.loop.active[0]
    rig.run(2 * TICKS_PER_S)
    assert rig.loop.active[:1] == (Active(cause, begun.since_ns, Action.HOLD),)
    assert [active.cause for active in rig.loop.active] == [cause, Cause.SOURCE_STALE]
    assert (rig.loop.mode, rig.loop.detail, rig.robot.stops) == (Mode.POLICY, LADDER[cause].condition, 0)
    rig.follow(ramp(rig.robot.position, HOME), number=2)
    rig.run(2)
    assert rig.loop.active == ()
    rig.loop._source.buffer.clear()
    rig.run(1)
    assert rig.loop.cause is Cause.SOURCE_STALE


@each_ending
def test_it_is_named_until_a_mode_is_asked_for(rig: Rig, cause: Cause, end: Callable[[Rig], None]) -> None:
    end(rig)
    rig.run(TICKS_PER_S)
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.run(1)
    assert rig.loop.cause is Cause.SOURCE_STALE


@each_ending
def test_what_stops_the_robot_comes_first(rig: Rig, cause: Cause, end: Callable[[Rig], None]) -> None:
    end(rig)
    rig.robot.behind = np.eye(7)[3] * 0.31
    rig.run(1)
    assert [active.cause for active in rig.loop.active][:2] == [Cause.NOT_FOLLOWING, cause]
    rig.run(1)
    assert cause not in [active.cause for active in rig.loop.active]  # FAULT is a mode that nothing moves in


def test_a_contact_while_nothing_is_to_move_the_robot_is_named_while_it_lasts(rig: Rig) -> None:
    rig.loop.set_mode(Mode.HOLD, rig.now_ns)
    press(rig)
    rig.run(1)
    assert rig.loop.active == ()


@each_ending
def test_what_was_observed_before_it_is_not_followed(rig: Rig, cause: Cause, end: Callable[[Rig], None]) -> None:
    end(rig)
    held_ns = rig.now_ns
    rig.run(TICKS_PER_S)
    back = ramp(rig.robot.position, HOME)
    with pytest.raises(ChunkRefused, match=rf"from 5 ms before the robot was held \({cause.value}\)"):
        rig.loop.accept(chunk_of(back, rig.now_ns, number=2, observation_ns=held_ns - 5_000_000), rig.now_ns)
    rig.loop.accept(chunk_of(back, rig.now_ns, number=3, observation_ns=held_ns), rig.now_ns)


def test_what_was_observed_while_the_chunk_lasted_is_followed_after_it() -> None:
    """The answer of a policy that is slower than its chunks."""
    rig = started_rig()
    rig.loop.set_mode(Mode.POLICY, rig.now_ns)
    rig.follow(ramp(HOME, away(0, 0.02), rows=10))
    rig.run(20)
    seen_ns = rig.now_ns
    rig.until(lambda: rig.loop.cause is Cause.SOURCE_STALE, 2 * TICKS_PER_S)
    rows = np.tile(rig.robot.position, (90, 1))
    rig.loop.accept(chunk_of(rows, seen_ns, number=2), rig.now_ns)
    rig.run(2)
    assert rig.loop.active == ()
