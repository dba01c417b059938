"""Admission of the way: position limits, workspace and collisions, from where the robot is through every row."""

import itertools
from collections.abc import Iterator
from functools import cache
from math import ceil

import numpy as np
import pytest
from fake_policy import ROOT, UR5
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ros_wam.calibration import load_station
from ros_wam.causes import RefusalReason
from ros_wam.collision import FINGER_TOUCH_M, TOUCH_M, CollisionModel, Touch
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ChunkRefused
from ros_wam.kinematics import Kinematics
from ros_wam.policy.admission import FOLLOW_TOLERANCE_RAD, WORKSPACE_STEP_RAD, Admission, build_admission
from ros_wam.sweep import RESOLUTION_M, Obstacle
from ros_wam.types import ActionChunk, FloatArray

T0 = 10**12
DT_S = 1.0 / 30.0
HOME = UR5.home_position
FIXTURES = load_station(ROOT / "calib" / "ur5" / "sim").fixtures
REAL = build_admission(UR5, FIXTURES)
KINEMATICS = Kinematics(UR5)


def inside(position: FloatArray, arm: str) -> FloatArray:
    """A tool that never leaves the workspace."""
    pose = np.eye(4)
    pose[:3, 3] = [-0.5, 0.0, 0.3]
    return pose


def free(path: FloatArray) -> Iterator[Obstacle | None]:
    """Nothing is in the way."""
    return iter(())


def displaced(*joint1: float, joint: int = 0) -> FloatArray:
    """Rows at home with one joint displaced."""
    rows = np.tile(HOME, (len(joint1), 1))
    rows[:, joint] += joint1
    return rows


def check(admission: Admission, rows: FloatArray, measured: FloatArray = HOME, due_row: int = 0) -> None:
    """`due_row` is the row that is due now: the rows before it count too."""
    now_ns = T0 + round((due_row + 0.001) * DT_S * 1e9)
    admission.check(ActionChunk(1, 1, T0, T0, DT_S, rows), measured, now_ns, due_row == 0)


def refused(admission: Admission, rows: FloatArray, **situation: object) -> tuple[RefusalReason, str]:
    with pytest.raises(ChunkRefused) as caught:
        check(admission, rows, **situation)  # type: ignore[arg-type]
    return caught.value.reason, caught.value.detail


@pytest.mark.parametrize("due_row", [0, 4])
def test_obstacle_is_a_refusal_that_names_the_row(due_row: int) -> None:
    def in_the_way(path: FloatArray) -> Iterator[Obstacle | None]:
        paths.append(path)
        yield None
        yield Obstacle(3, Touch("table", "pad_left", 0.0071), 0.005)
        raise AssertionError("nobody goes on after an obstacle")

    paths: list[FloatArray] = []
    rows = displaced(*np.linspace(0.0, 0.1, 10))
    why, detail = refused(Admission(UR5, inside, in_the_way), rows, due_row=due_row)
    assert why is RefusalReason.COLLISION
    things = "table and pad_left would be 7.1 mm in each other, at most 5.0 mm is allowed"
    assert detail == f"on the way to row 2 {things}"
    np.testing.assert_array_equal(paths[0], np.vstack([HOME, rows]))


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_what_is_swept_is_within_the_limits_as_what_is_followed(side: float) -> None:
    def swept(path: FloatArray) -> Iterator[Obstacle | None]:
        paths.append(path)
        return iter((None,))

    paths: list[FloatArray] = []
    rows, measured = displaced(0.0, 0.0, 0.0, joint=2), HOME.copy()
    limit = UR5.upper[2] if side > 0.0 else UR5.lower[2]
    rows[:, 2], measured[2] = limit + side * np.array([0.0, 0.02, 0.04]), limit + side * 0.03
    check(Admission(UR5, inside, swept), rows, measured=measured)
    np.testing.assert_array_equal(paths[0][:, 2], [measured[2], limit, limit, limit])


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize(
    ("measured", "last", "good"),
    [
        (0.0, FOLLOW_TOLERANCE_RAD - 1e-9, True),
        (0.0, FOLLOW_TOLERANCE_RAD + 1e-3, False),
        (0.09, 0.09 - 1e-9, True),
        (0.09, 0.092, False),
        (0.09, -0.01, True),
        (-0.09, FOLLOW_TOLERANCE_RAD + 1e-3, False),
    ],
)
def test_beyond_a_position_limit_a_joint_may_come_back(measured: float, last: float, good: bool, side: float) -> None:
    """Joint3 has a range of a turn, and beyond it the tolerance counts, or where it is already."""
    limit = UR5.upper[2] if side > 0.0 else UR5.lower[2]
    start, rows = HOME.copy(), displaced(0.0, 0.0, 0.0)
    start[2] = limit + side * measured
    rows[:, 2] = limit + side * np.array([measured, (measured + last) / 2, last])
    admission = Admission(UR5, inside, free)
    if good:
        check(admission, rows, measured=start)
        return
    why, detail = refused(admission, rows, measured=start)
    assert why is RefusalReason.WORKSPACE
    assert detail == f"joint3 would be at {rows[2, 2]:.3f} rad in row 2, its range is -3.1416 to 3.1416 rad"


def test_position_row_is_counted_in_the_whole_chunk() -> None:
    rows = displaced(*[0.0] * 10)
    rows[:, 2] = UR5.upper[2]
    rows[6:, 2] += 0.06
    start = rows[0].copy()
    _, detail = refused(Admission(UR5, inside, free), rows, measured=start, due_row=4)
    assert "joint3 would be at 3.202 rad in row 6" in detail


def test_gripper_knows_no_position_limit_and_no_workspace() -> None:
    rows = displaced(0.0, 0.0, 0.0)
    rows[:, 6] = [-3.0, 7.0, 0.5]
    check(Admission(UR5, inside, free), rows)


class Bulge:
    """A tool that leaves the workspace upwards while joint1 is in the middle between 0 and 0.16 rad from home."""

    def __init__(self, height_m: float) -> None:
        self.height_m = height_m
        self.seen: list[float] = []

    def __call__(self, position: FloatArray, arm: str) -> FloatArray:
        assert arm == "arm"
        self.seen.append(float(position[0] - HOME[0]))
        pose = inside(position, arm)
        pose[2, 3] = 0.6 + self.height_m * np.sin(np.pi * self.seen[-1] / 0.16) - 1e-9
        return pose


def test_workspace_is_looked_at_between_the_rows() -> None:
    tool = Bulge(0.01)
    why, detail = refused(Admission(UR5, tool, free), displaced(0.0, 0.0, 0.16))
    assert why is RefusalReason.WORKSPACE
    where = "tool would be at [-0.500, 0.000, 0.607] m on the way to row 2"
    assert detail == f"{where}, the workspace is [-0.8, -0.55, 0.005] to [-0.15, 0.55, 0.6] m"
    check(Admission(UR5, Bulge(-0.01), free), displaced(0.0, 0.0, 0.16))


@pytest.mark.parametrize(
    ("step", "looks"), [(0.0, 1), (WORKSPACE_STEP_RAD - 1e-6, 1), (WORKSPACE_STEP_RAD + 1e-6, 2), (0.16, 4)]
)
def test_workspace_is_looked_at_often_enough_and_no_oftener(step: float, looks: int) -> None:
    tool = Bulge(0.0)
    check(Admission(UR5, tool, free), displaced(0.0, step))
    np.testing.assert_allclose(tool.seen, [0.0, 0.0, *np.arange(1, looks + 1) / looks * step], atol=1e-12)
    assert looks == max(1, ceil(step / WORKSPACE_STEP_RAD))


def test_way_from_the_robot_to_the_first_row_counts() -> None:
    _, detail = refused(
        Admission(UR5, Bulge(0.01), free), displaced(0.0, 0.0), measured=HOME + displaced(0.14)[0] - HOME
    )
    assert "on the way to row 0" in detail


def test_row_of_the_workspace_is_counted_in_the_whole_chunk() -> None:
    rows = displaced(*[0.0] * 7, *[0.16] * 3)
    _, detail = refused(Admission(UR5, Bulge(0.01), free), rows, due_row=4)
    assert "on the way to row 7" in detail


def test_way_is_checked_bit_by_bit() -> None:
    """Nothing is done before the first bit, and each bit is one look."""
    tool = Bulge(0.0)
    bits = Admission(UR5, tool, lambda path: iter([None, None])).check_way(displaced(0.0, 0.16), HOME)
    assert tool.seen == []
    next(bits)
    assert len(tool.seen) == 2
    assert len(list(bits)) == 4 + 2


def tool_at(height_m: float, seed: FloatArray = HOME) -> FloatArray:
    """Above the middle of the table, fingers open; they reach 12 mm below the tool."""
    pose = KINEMATICS.tool_pose(HOME)
    pose[2, 3] = height_m
    return KINEMATICS.solve(pose, seed)


def descent(start_m: float, end_m: float, rows: int = 30) -> FloatArray:
    path = [tool_at(start_m)]
    for height_m in np.linspace(start_m, end_m, rows):
        path.append(tool_at(float(height_m), path[-1]))
    return np.array(path[1:])


@pytest.mark.parametrize(("lowest_m", "good"), [(0.012, True), (0.0075, True), (0.0055, False)])
def test_fingers_may_stroke_the_table_but_not_press_into_it(lowest_m: float, good: bool) -> None:
    rows = descent(0.10, lowest_m)
    if good:
        check(REAL, rows, measured=rows[0])
        return
    why, detail = refused(REAL, rows, measured=rows[0])
    assert why is RefusalReason.COLLISION
    assert detail.startswith("on the way to row 2") and "table and pad_" in detail
    assert detail.endswith("at most 5.0 mm is allowed")


def test_a_robot_in_the_table_may_come_out_but_not_go_deeper() -> None:
    rows = descent(0.006, 0.10)
    check(REAL, rows, measured=rows[0])
    deeper = descent(0.009, 0.0051, rows=10)
    assert refused(REAL, deeper, measured=deeper[0])[0] is RefusalReason.COLLISION


def test_the_walls_of_the_box_are_in_the_way_and_its_inside_is_not() -> None:
    def across(x_m: float, y_m: float) -> FloatArray:
        pose = KINEMATICS.tool_pose(HOME)
        pose[:3, 3] = [x_m, y_m, 0.03]
        position = KINEMATICS.solve(pose, HOME)
        return np.append(position[:6], 0.2)

    inside_box, at_wall = across(-0.46, 0.255), across(-0.46, 0.155)
    check(REAL, np.array([inside_box] * 3), measured=inside_box)
    rows = inside_box + np.linspace(0.0, 1.0, 30)[:, np.newaxis] * (at_wall - inside_box)
    why, detail = refused(REAL, rows, measured=inside_box)
    assert why is RefusalReason.COLLISION and "box_right and " in detail


@cache
def station(robot: str) -> tuple[Embodiment, Kinematics, CollisionModel, Admission]:
    embodiment = load_embodiment(ROOT / "robots" / f"{robot}.yaml")
    fixtures = load_station(ROOT / "calib" / robot / "sim").fixtures
    kinematics, model = Kinematics(embodiment), CollisionModel(embodiment, fixtures)
    return embodiment, kinematics, model, build_admission(embodiment, fixtures)


@pytest.mark.virtual
@pytest.mark.slow
@pytest.mark.parametrize("robot", ["ur5", "ur5e"])
@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 0.2), arrays(np.float64, (4, 6), elements=st.floats(-1.0, 1.0)))
def test_what_is_admitted_stays_inside_and_touches_nothing(robot: str, height_m: float, bends: FloatArray) -> None:
    """Smooth random motion low above the table, looked at three times per row."""
    embodiment, kinematics, model, admission = station(robot)
    pose = kinematics.tool_pose(embodiment.home_position)
    pose[2, 3] = height_m
    start = kinematics.solve(pose, embodiment.home_position)
    share_of_time = np.linspace(0.0, 1.0, 20)
    rows = np.tile(start, (20, 1))
    rows[:, :6] += sum(
        0.12 * (1.0 - np.cos(k * np.pi * share_of_time))[:, np.newaxis] * bends[k - 1] for k in range(1, 5)
    )
    try:
        admission.check(ActionChunk(1, 1, T0, T0, DT_S, rows), start, T0, True)
    except ChunkRefused:
        return
    box = embodiment.arms["arm"].workspace
    for before, after in itertools.pairwise(rows):
        for share in np.linspace(0.0, 1.0, 4)[1:]:
            position = before + share * (after - before)
            tool_m = kinematics.tool_position(position)
            assert (np.array(box.min_m) - 1e-3 <= tool_m).all() and (tool_m <= np.array(box.max_m) + 1e-3).all()
            for touch in model.touches(position):
                allowed_m = FINGER_TOUCH_M if touch.first in FIXTURES else TOUCH_M
                assert touch.depth_m <= allowed_m + RESOLUTION_M
