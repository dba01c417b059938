"""The sweep: nothing in the way is missed, what touches already may only leave, and looks are few and bounded."""

import itertools
from math import asin
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from toy_arm import toy_arm, wall

from ros_wam import sweep as module
from ros_wam.calibration import load_station
from ros_wam.collision import FINGER_TOUCH_M, TOUCH_M, CollisionModel
from ros_wam.embodiment import load_embodiment
from ros_wam.sweep import RESOLUTION_M, Obstacle, sweep
from ros_wam.types import FloatArray

ROOT = Path(__file__).parents[1]
MODELS = {
    robot: CollisionModel(
        load_embodiment(ROOT / "robots" / f"{robot}.yaml"), load_station(ROOT / "calib" / robot / "sim").fixtures
    )
    for robot in ("ur5", "ur5e")
}
HOME = load_embodiment(ROOT / "robots" / "ur5.yaml").home_position


def at(shoulder: float, wrist: float = -1.5, gripper: float = 0.0) -> FloatArray:
    """The hand turned back, so that the ball is what touches first."""
    return np.array([shoulder, wrist, gripper])


def deep(depth_m: float) -> FloatArray:
    """The ball so deep in a wall that begins at y = 1."""
    return at(asin(0.6 + depth_m))


@pytest.fixture
def toy(tmp_path: Path) -> CollisionModel:
    return CollisionModel(toy_arm(tmp_path), {"wall": wall(1.0)})


def way(model: CollisionModel, *path: FloatArray) -> Obstacle | None:
    """What is in the way; an obstacle ends it."""
    found = list(sweep(model, np.array(path)))
    assert all(item is None for item in found[:-1])
    return found[-1]


def looks(model: CollisionModel, *path: FloatArray) -> int:
    return len(list(sweep(model, np.array(path)))) - (len(path) - 1)


def deepest_m(model: CollisionModel, path: FloatArray, allowed_m: FloatArray, points: int = 40) -> float:
    """By how much the allowance is exceeded most at any of the points between the rows."""
    excess_m = -np.inf
    for start, end in itertools.pairwise(path):
        for share in np.linspace(0.0, 1.0, points):
            model.place(start + share * (end - start))
            excess_m = max(excess_m, float((model.depth_m(range(len(allowed_m))) - allowed_m).max()))
    return excess_m


def allowed_from(model: CollisionModel, start: FloatArray) -> FloatArray:
    model.place(start)
    return np.maximum(model.tolerance_m, model.depth_m(range(len(model.tolerance_m))))


@pytest.mark.parametrize(("depth_m", "free"), [(-0.05, True), (TOUCH_M - 1e-4, True), (TOUCH_M + RESOLUTION_M, False)])
def test_a_way_into_the_wall_ends_at_the_tolerance(toy: CollisionModel, depth_m: float, free: bool) -> None:
    found = way(toy, at(0.0), at(0.3), deep(depth_m), at(0.5))
    if free:
        assert found is None
        return
    assert found is not None
    assert (found.row, found.touch.first, found.touch.second) == (2, "wall", "ball")
    assert found.allowed_m == TOUCH_M
    assert TOUCH_M < found.touch.depth_m <= TOUCH_M + RESOLUTION_M


def test_a_wall_between_two_rows_is_not_jumped_over(tmp_path: Path) -> None:
    thin = CollisionModel(toy_arm(tmp_path), {"pane": wall(0.8, 0.001)})
    found = way(thin, at(0.0), at(0.1), at(3.0))
    assert found is not None and found.row == 2
    assert found.touch.second in ("ball", "palm", "nail")


@pytest.mark.parametrize("depth_m", [0.01, 0.05])
def test_what_touches_may_leave_or_stay_but_go_no_deeper(toy: CollisionModel, depth_m: float) -> None:
    assert way(toy, deep(depth_m), at(0.0)) is None
    assert way(toy, deep(depth_m), deep(depth_m), deep(depth_m)) is None
    assert way(toy, deep(depth_m), deep(0.0), deep(depth_m)) is None
    found = way(toy, deep(depth_m), deep(depth_m + RESOLUTION_M + 1e-4))
    assert found is not None
    assert found.allowed_m == pytest.approx(depth_m)


def test_one_touch_does_not_allow_another(toy: CollisionModel) -> None:
    """The sleeve is always 0.11 m in the post; that is nothing to the ball and the wall."""
    assert way(toy, at(0.0), deep(0.01)) is not None


@pytest.mark.parametrize(("beyond_m", "free"), [(-1e-4, True), (RESOLUTION_M, False)])
def test_fingers_may_stroke_a_fixture(tmp_path: Path, beyond_m: float, free: bool) -> None:
    """The thumb reaches 0.32 m to the side when the arm points along x."""
    model = CollisionModel(toy_arm(tmp_path), {"wall": wall(0.32 - FINGER_TOUCH_M - beyond_m)})
    found = way(model, at(0.0, wrist=0.0), at(0.0, wrist=0.0, gripper=1.0))
    assert (found is None) == free
    assert found is None or (found.touch.second == "nail" and found.allowed_m == FINGER_TOUCH_M)


def test_where_there_is_room_nobody_looks_twice(toy: CollisionModel) -> None:
    assert looks(toy, at(0.0), at(0.01), at(0.0)) == 0
    assert looks(toy, *[at(-0.5)] * 30) == 0
    assert 0 < looks(toy, at(0.0), at(0.3)) < 15
    assert looks(toy, at(0.0)) == 0


def test_a_way_along_the_wall_is_looked_at_every_resolution(toy: CollisionModel) -> None:
    """Turning the wrist moves neither ball nor sleeve; the shoulder moves the ball 1.4 m per radian at most."""
    depth = deep(TOUCH_M)
    slid = looks(toy, depth, depth - np.array([0.02, 0.0, 0.0]), depth)
    assert 1.4 * 0.02 / RESOLUTION_M / 3 < slid < 2 * 1.4 * 0.02 / RESOLUTION_M + 2
    assert looks(toy, depth, depth + np.array([0.0, 0.01, 0.0])) == 0


def test_looks_are_bounded(toy: CollisionModel, monkeypatch: pytest.MonkeyPatch) -> None:
    path = at(0.0), deep(TOUCH_M - 1e-4)
    needed = looks(toy, *path)
    monkeypatch.setattr(module, "MOST_LOOKS", needed + 1)
    assert way(toy, *path) is None
    monkeypatch.setattr(module, "MOST_LOOKS", needed)
    found = way(toy, *path)
    assert found is not None and not found.proven
    words = f"wall and ball move so far so close to each other that {needed} looks do not show how deep; at most 2.0 mm"
    assert str(found).startswith(words)


def test_obstacle_in_words(toy: CollisionModel) -> None:
    found = way(toy, deep(0.01), deep(0.05))
    assert found is not None and found.proven
    depth_mm = found.touch.depth_m * 1e3
    assert str(found) == f"wall and ball would be {depth_mm:.1f} mm in each other, at most 10.0 mm is allowed"
    assert 10.0 < depth_mm < 12.0


def test_it_goes_on_bit_by_bit(toy: CollisionModel) -> None:
    """One bit is at most one look: whoever must not wait can stop after any."""
    bits = sweep(toy, np.array([at(0.0), at(0.01), deep(0.05)]))
    assert next(bits) is None  # row 1, where no look is needed
    rest = list(bits)
    assert len(rest) > 1 and isinstance(rest[-1], Obstacle) and rest[-1].row == 2


steps = arrays(np.float64, (4, 7), elements=st.floats(-0.8, 0.8))
DOWN = np.array([0.0, -0.45, 0.35, 0.1, 0.0, 0.0, 0.0])  # from home towards the table
INTO_BOX = np.array([-0.6, -0.5, 0.45, 0.0, 0.0, 0.0, -0.5])


def path_of(moves: FloatArray) -> FloatArray:
    path = HOME + np.vstack([np.zeros(7), np.cumsum(moves, axis=0)])
    path[:, 6] = path[:, 6].clip(0.0, 1.0)
    return path


def require_free(robot: str, moves: FloatArray) -> None:
    """What is admitted is free at every instant, and what is refused is not."""
    model, path = MODELS[robot], path_of(moves)
    allowed_m = allowed_from(model, path[0])
    found = way(model, *path)
    reached = path if found is None else path[: found.row]
    if len(reached) > 1:
        assert deepest_m(model, reached, allowed_m, points=25) <= RESOLUTION_M + 1e-6
    if found is not None:
        last = path[found.row - 1 : found.row + 1]
        assert deepest_m(model, last, allowed_m, points=200) > -RESOLUTION_M


@pytest.mark.parametrize("robot", MODELS)
@pytest.mark.parametrize(
    "moves",
    [
        [DOWN, DOWN, -DOWN, -DOWN],
        [DOWN * 0.9, -DOWN * 0.2, DOWN * 0.2, -DOWN],
        [INTO_BOX, DOWN * 0.2, -DOWN * 0.2, -INTO_BOX],
    ],
)
def test_ways_to_the_table_and_into_the_box(robot: str, moves: list[FloatArray]) -> None:
    require_free(robot, np.array(moves))


@pytest.mark.virtual
@pytest.mark.slow
@pytest.mark.parametrize("robot", MODELS)
@settings(max_examples=40, deadline=None)
@given(steps)
def test_any_way_that_is_admitted_is_free_at_every_instant(robot: str, moves: FloatArray) -> None:
    require_free(robot, moves)


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, 7, elements=st.floats(-3.0, 3.0)))
def test_a_way_to_where_the_robot_would_collide_is_refused(displaced: FloatArray) -> None:
    model, end = MODELS["ur5"], HOME + displaced
    end[6] = end[6].clip(0.0, 1.0)
    model.place(end)
    excess_m = float((model.depth_m(range(len(model.tolerance_m))) - model.tolerance_m).max())
    if excess_m > RESOLUTION_M:
        assert way(model, HOME, end) is not None
        assert way(model, HOME, HOME, end, HOME) is not None
