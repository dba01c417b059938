"""The way home: admitted like any chunk, a little at a time, and refused in words where it is not free."""

from collections.abc import Iterator

import numpy as np
import pytest
from control_rig import UR5, away

from ros_wam.calibration import Fixture
from ros_wam.causes import Cause
from ros_wam.collision import CollisionModel
from ros_wam.errors import ModeRefused
from ros_wam.motion import homing
from ros_wam.motion.homing import STEPS_AT_ONCE, admit_homing, plan_homing
from ros_wam.motion.source import Source
from ros_wam.motion.way_home import MOVED_RAD, WayHome
from ros_wam.policy.admission import build_admission
from ros_wam.types import FloatArray, Mode

NOW = 10**12
FREE = build_admission(UR5, {})
POST = {"post": Fixture((-0.52, -0.16, 0.0), (-0.40, -0.10, 0.8))}
BEFORE_POST = away(0, 0.6)
"""The tool is at y = -0.26; the straight way home sweeps through y = -0.13."""


def bits(admission: homing.Admission, start: FloatArray) -> list[object]:
    return list(admit_homing(UR5, admission, start, NOW, 3))


def test_the_way_is_admitted_a_little_at_a_time() -> None:
    steps = 0
    looked = FREE.check_way

    class Counting:
        def check_way(self, rows: FloatArray, start: FloatArray) -> Iterator[None]:
            nonlocal steps
            for bit in looked(rows, start):
                steps += 1
                yield bit

    done = []
    way = admit_homing(UR5, Counting(), away(0, 0.5), NOW, 3)  # type: ignore[arg-type]
    for chunk in way:
        done.append(steps)
        if chunk is not None:
            break
        assert steps % STEPS_AT_ONCE == 0
    assert np.diff([0, *done]).max() == STEPS_AT_ONCE
    assert steps > 50
    plan = plan_homing(UR5, away(0, 0.5), NOW, 3)
    assert (chunk.chunk_id, chunk.t0_ns) == (3, NOW)
    np.testing.assert_array_equal(chunk.positions, plan.positions)
    assert next(way, "over") == "over"


def test_the_way_is_straight_and_from_rest_to_rest() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        start = UR5.home_position + rng.uniform(-1.5, 1.5, 7) * ~UR5.is_gripper
        rows = plan_homing(UR5, start, NOW, 1).positions
        way = UR5.home_position - start
        share = (rows - start) @ way / (way @ way)
        np.testing.assert_allclose(rows, start + share[:, None] * way, atol=1e-9)
        np.testing.assert_allclose(rows[[0, -1]], [start, UR5.home_position], atol=1e-9)
        assert (np.diff(share) >= -1e-12).all() and share[1] < 1e-3 > 1.0 - share[-2]


def test_a_way_through_a_fixture_is_refused_in_words() -> None:
    among = build_admission(UR5, POST)
    with pytest.raises(
        ModeRefused, match=r"the straight way home is refused \(collision\): on the way to row \d+ post"
    ):
        bits(among, BEFORE_POST)
    assert bits(FREE, BEFORE_POST)[-1] is not None
    assert bits(among, away(0, -0.5))[-1] is not None


def test_a_robot_that_touches_may_go_home_if_that_leads_out() -> None:
    """The hand is in a block that begins 1 cm before it; from behind a wall there the way leads through."""
    position = away(0, 0.62)
    block = {"block": Fixture((-0.8, -0.60, 0.0), (-0.1, -0.28, 0.8))}
    assert CollisionModel(UR5, block).touches(position)
    assert bits(build_admission(UR5, block), position)[-1] is not None
    wall = {"wall": Fixture((-0.8, -0.30, 0.0), (-0.3, -0.28, 0.8))}
    with pytest.raises(ModeRefused, match="collision"):
        bits(build_admission(UR5, wall), away(0, 0.9))


@pytest.fixture
def source() -> Source:
    source = Source(UR5)
    source.change(Mode.HOMING, NOW)
    return source


def plan_until_followed(way: WayHome, source: Source, start: FloatArray, ticks: int = 200) -> int:
    for tick in range(ticks):
        way.plan(start, NOW + tick)
        if source.buffer.newest is not None:
            return tick
    raise AssertionError("never followed")


def test_planning_goes_on_from_tick_to_tick_and_begins_when_it_is_done(source: Source) -> None:
    way = WayHome(UR5, source, FREE)
    ticks = plan_until_followed(way, source, away(0, 0.4))
    assert ticks >= 5
    newest = source.buffer.newest
    assert newest is not None and (newest.chunk_id, newest.t0_ns, newest.reanchored) == (1, NOW + ticks, True)
    way.plan(away(0, 0.4), NOW + ticks + 1)
    assert source.buffer.newest is newest


@pytest.mark.parametrize(("moved", "number"), [(0.9 * MOVED_RAD, 1), (1.1 * MOVED_RAD, 2), (-1.1 * MOVED_RAD, 2)])
def test_a_robot_that_has_moved_meanwhile_gets_a_new_way(source: Source, moved: float, number: int) -> None:
    way = WayHome(UR5, source, FREE)
    way.plan(away(0, 0.4), NOW)
    gripped = away(0, 0.4 + moved)
    gripped[6] = 0.3
    plan_until_followed(way, source, gripped)
    newest = source.buffer.newest
    assert newest is not None and newest.chunk_id == number


def test_a_way_that_was_given_up_is_planned_anew(source: Source) -> None:
    way = WayHome(UR5, source, FREE)
    plan_until_followed(way, source, away(0, 0.4))
    source.buffer.clear()
    plan_until_followed(way, source, away(0, 0.4))
    source.change(Mode.HOMING, NOW)
    way.plan(away(0, 0.4), NOW)
    way.forget(NOW)
    plan_until_followed(way, source, away(0, 0.4))
    newest = source.buffer.newest
    assert newest is not None and newest.chunk_id == 4


def test_a_refused_way_home_holds(source: Source) -> None:
    way = WayHome(UR5, source, build_admission(UR5, POST))
    for _ in range(200):
        way.plan(BEFORE_POST, NOW)
    assert (source.mode, source.buffer.newest) == (Mode.HOLD, None)
    assert way.ended[0] is Cause.NO_WAY_HOME
    assert "post and " in way.ended[1] and "mm is allowed" in way.ended[1]
