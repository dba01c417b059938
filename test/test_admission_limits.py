"""What admission says of velocity and acceleration: the worst joint for its limit, rows, value and bound."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from fake_policy import UR5

from ros_wam.causes import RefusalReason
from ros_wam.collision import Touch
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused
from ros_wam.policy.admission import Admission
from ros_wam.sweep import Obstacle
from ros_wam.types import ActionChunk, FloatArray

T0 = 10**12
DT_S = 1.0 / 30.0
HOME = UR5.home_position
SLOW_JOINT2 = replace(
    UR5, joints=UR5.joints | {"joint2": replace(UR5.joints["joint2"], velocity_rad_s=1.0, acceleration_rad_s2=4.0)}
)


def still(position: FloatArray, arm: str) -> FloatArray:
    pose = np.eye(4)
    pose[:3, 3] = [-0.5, 0.0, 0.3]
    return pose


def rows_of(joint1: object = 0.0, joint2: object = 0.0, count: int = 30) -> FloatArray:
    rows = np.tile(HOME, (count, 1))
    rows[:, 0] += joint1
    rows[:, 1] += joint2
    return rows


def refused(
    rows: FloatArray, robot: Embodiment = UR5, due_row: int = 0, dt_s: float = DT_S
) -> tuple[RefusalReason, str]:
    admission = Admission(robot, still, lambda path: iter(()))
    now_ns = T0 + round((due_row + 0.001) * dt_s * 1e9)
    with pytest.raises(ChunkRefused) as caught:
        admission.check(ActionChunk(1, 1, T0, T0, dt_s, rows), rows[due_row], now_ns, due_row == 0)
    return caught.value.reason, caught.value.detail


def test_velocity_is_named_for_the_worst_stretch() -> None:
    rows = rows_of(2.2 * DT_S * np.arange(30))
    words = "joint1 needs 2.10 rad/s from row 0 to row 29, at most 2 rad/s"
    assert refused(rows) == (RefusalReason.VELOCITY, words)


def test_velocity_rows_are_those_of_the_whole_chunk() -> None:
    """One jump of 0.2 rad between rows 11 and 12: 0.1 rad more than the tolerance at both ends."""
    rows = rows_of(np.where(np.arange(30) < 12, 0.0, 0.2))
    words = "joint1 needs 3.00 rad/s from row 11 to row 12, at most 2 rad/s"
    assert refused(rows, due_row=4) == (RefusalReason.VELOCITY, words)


def test_velocity_is_judged_by_each_joints_own_limit() -> None:
    """Joint1 needs more, but joint2 needs more than it may."""
    rows = rows_of(2.2 * DT_S * np.arange(30), 1.9 * DT_S * np.arange(30))
    words = "joint2 needs 1.80 rad/s from row 0 to row 29, at most 1 rad/s"
    assert refused(rows, SLOW_JOINT2) == (RefusalReason.VELOCITY, words)


@pytest.mark.parametrize("count", [3, 5])
def test_acceleration_is_found_up_to_the_longest_stretch(count: int) -> None:
    """In a chunk of 3 rows only the middle one can bend; 0.14 rad there and back, less 4 tolerances of 50 mrad."""
    tip = np.zeros(count)
    tip[count // 2] = 0.14
    words = f"joint1 needs 72.0 rad/s² around row {count // 2}, at most 8 rad/s²"
    assert refused(rows_of(tip, count=count)) == (RefusalReason.ACCELERATION, words)


def test_a_long_bend_is_found_where_no_short_one_is() -> None:
    """There and back at 1.3 rad/s: within 3 rows of the turn the tolerance covers it, within 5 it does not."""
    turn = 1.3 * DT_S * np.minimum(np.arange(11), 10 - np.arange(11))
    words = "joint1 needs 8.4 rad/s² around row 5, at most 8 rad/s²"
    assert refused(rows_of(turn, count=11)) == (RefusalReason.ACCELERATION, words)


def test_acceleration_rows_are_those_of_the_whole_chunk_and_limits_the_joints_own() -> None:
    rows = rows_of(count=30)
    rows[20, 0] += 0.11
    rows[20, 1] += 0.109
    words = "joint2 needs 16.2 rad/s² around row 20, at most 4 rad/s²"
    assert refused(rows, SLOW_JOINT2, due_row=7) == (RefusalReason.ACCELERATION, words)


QUICK = replace(UR5, joints=UR5.joints | {"joint1": replace(UR5.joints["joint1"], velocity_rad_s=3.0)})


@pytest.mark.parametrize(
    ("robot", "joint1", "reason"),
    [(UR5, [0.0, 1.1], RefusalReason.VELOCITY), (QUICK, [0.0, 1.1, 0.0], RefusalReason.ACCELERATION)],
)
def test_what_needs_just_a_limit_is_admitted(robot: Embodiment, joint1: list[float], reason: RefusalReason) -> None:
    """In rows 0.5 s apart 1.1 rad are 0.1 rad and 2 rad/s; there and back, a bend of 2.2 rad, 0.2 rad and 8 rad/s²."""
    rows = rows_of(count=len(joint1))
    rows[:, 0] = joint1
    Admission(robot, still, lambda path: iter(())).check(ActionChunk(1, 1, T0, T0, 0.5, rows), rows[0], T0, True)
    rows[1, 0] = np.nextafter(1.1, 2.0)
    assert refused(rows, robot, dt_s=0.5)[0] is reason


def test_a_joint_that_is_beyond_its_limit_hides_no_other() -> None:
    rows = rows_of()
    rows[:, 2] = UR5.upper[2] + 0.2
    admission = Admission(UR5, still, lambda path: iter(()))
    start = rows[0].copy()
    rows[3:, 1] = UR5.upper[1] + 0.06
    start[1] = rows[0, 1] = rows[1, 1] = rows[2, 1] = UR5.upper[1]
    with pytest.raises(ChunkRefused, match=r"joint2 would be at 6\.343 rad in row 3, its range is -6\.2832 to 6\.2832"):
        admission.check(ActionChunk(1, 1, T0, T0, DT_S, rows), start, T0, True)


def test_a_way_that_is_no_chunk_begins_with_row_0() -> None:
    def in_the_way(path: FloatArray) -> Iterator[Obstacle | None]:
        yield Obstacle(1, Touch("a", "b", 0.01), 0.002)

    with pytest.raises(ChunkRefused, match="on the way to row 0 a and b would be"):
        list(Admission(UR5, still, in_the_way).check_way(rows_of(count=3), HOME))
