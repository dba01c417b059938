"""The collision model: what collides and how deep, against geometry done by hand and bounds that must hold."""

from math import asin, sin
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from toy_arm import MJCF, toy_arm, wall

from ros_wam.calibration import Fixture, load_station
from ros_wam.collision import FARTHEST_M, FINGER_TOUCH_M, NEAR_M, TOUCH_M, CollisionModel, Touch
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.types import FloatArray

ROOT = Path(__file__).parents[1]
ROBOTS = {path.parent.parent.name: path for path in sorted(ROOT.glob("calib/*/sim/station.yaml"))}


def at(shoulder: float, wrist: float = 0.0, gripper: float = 0.0) -> FloatArray:
    return np.array([shoulder, wrist, gripper])


def model_of(robot: str) -> CollisionModel:
    return CollisionModel(
        load_embodiment(ROOT / "robots" / f"{robot}.yaml"), load_station(ROBOTS[robot].parent).fixtures
    )


UR5 = model_of("ur5")
UR5_ROBOT = load_embodiment(ROOT / "robots" / "ur5.yaml")


@pytest.fixture
def toy(tmp_path: Path) -> CollisionModel:
    return CollisionModel(toy_arm(tmp_path), {"wall": wall(1.0)})


def names(model: CollisionModel) -> set[tuple[str, str]]:
    touches = [model.touch(pair, 0.0) for pair in range(len(model.tolerance_m))]
    return {(min(touch.first, touch.second), max(touch.first, touch.second)) for touch in touches}


def test_pairs_are_those_that_can_collide(toy: CollisionModel) -> None:
    """Not what is excluded, painted on, carried by the other or part of the same body; the post is fixed."""
    moving = {(name, "wall") for name in ("ball", "nail", "palm", "sleeve")}
    assert names(toy) == moving | {("ball", "post"), ("nail", "post"), ("palm", "post"), ("post", "sleeve")}


def test_fixture_collides_with_whatever_the_mjcf_lets_collide(tmp_path: Path) -> None:
    special = MJCF.replace('name="ball"', 'name="ball" contype="4" conaffinity="0"')
    special = special.replace('name="nail"', 'name="nail" contype="0" conaffinity="8"')
    found = names(CollisionModel(toy_arm(tmp_path, special), {"wall": wall(1.0)}))
    assert {("ball", "wall"), ("nail", "wall")} <= found
    assert not found & {("ball", "post"), ("nail", "post")}


@pytest.mark.parametrize("depth_m", [0.001, 0.05, 0.09])
def test_a_touch_says_what_and_how_deep(toy: CollisionModel, depth_m: float) -> None:
    touches = toy.touches(at(asin(0.6 + depth_m), wrist=-1.5))
    assert ("ball", "wall") in [
        (touch.second, touch.first) for touch in touches if touch.depth_m == pytest.approx(depth_m)
    ]
    assert [touch.depth_m for touch in touches] == sorted((touch.depth_m for touch in touches), reverse=True)


def test_a_robot_that_is_free_touches_nothing(toy: CollisionModel) -> None:
    """The sleeve is around the post: it is deep in it wherever the robot is."""
    assert toy.touches(at(0.0)) == (Touch("post", "sleeve", pytest.approx(0.11)),)
    palm = next(touch for touch in toy.touches(at(asin(0.96 / 1.3))) if touch.second == "palm")
    assert palm == Touch("wall", "palm", pytest.approx(0.01))


def test_fingers_are_where_the_gripper_is_told_to_be(toy: CollisionModel) -> None:
    """The thumb is 0.3 m wide open along y, 1.4 m from the shoulder."""
    assert not [touch for touch in toy.touches(at(0.6, gripper=0.7)) if touch.second == "nail"]
    nail = next(touch for touch in toy.touches(at(0.6, gripper=1.0)) if touch.second == "nail")
    assert nail.depth_m == pytest.approx(1.4 * sin(0.6) + 0.3 * np.cos(0.6) + 0.02 - 1.0)


def test_what_is_far_away_is_not_measured(toy: CollisionModel) -> None:
    toy.place(at(-1.5))
    assert toy.depth_m(range(len(toy.tolerance_m))).min() == -FARTHEST_M


def test_tolerances(toy: CollisionModel) -> None:
    """Only fingers, and only at fixtures, may touch more."""
    for pair, tolerance_m in enumerate(toy.tolerance_m):
        touch = toy.touch(pair, 0.0)
        strokes = (touch.first, touch.second) == ("wall", "nail")
        assert tolerance_m == (FINGER_TOUCH_M if strokes else TOUCH_M), touch
    assert (TOUCH_M, FINGER_TOUCH_M) == (0.002, 0.005)


def test_motion_of_the_toy_is_bounded_by_hand(toy: CollisionModel) -> None:
    """Reach is counted along the chain; the wrist's own offset counts twice, the thumb's stroke once."""
    ones = toy.motion_m(np.eye(3))
    reach = {toy.touch(pair, 0.0).second: ones[:, pair] for pair in range(len(toy.tolerance_m))}
    np.testing.assert_allclose(reach["ball"], [1.4, 0.0, 0.0])
    np.testing.assert_allclose(reach["palm"], [0.1 + 0.05 + 2 * 0.1 + 1.2, 0.1 + 0.05 + 2 * 0.1, 0.0])
    np.testing.assert_allclose(reach["nail"], [0.02 + 0.3 + 0.2 + 0.2 + 1.2, 0.02 + 0.3 + 0.2 + 0.2, 0.3])
    np.testing.assert_allclose(toy.motion_m(-2.0 * np.eye(3)), 2.0 * ones)


@pytest.mark.parametrize("robot", ROBOTS)
def test_home_is_free_and_fixtures_are_known(robot: str) -> None:
    model = model_of(robot)
    home = load_embodiment(ROOT / "robots" / f"{robot}.yaml").home_position
    assert model.touches(home) == ()
    found = names(model)
    assert [pair for pair in found if "table" in pair and any("pad_left" in name for name in pair)]
    assert not [pair for pair in found if "table" in pair and any("base" in name for name in pair)]
    assert not [pair for pair in found if "camera_bracket" in pair]


def test_a_joint_that_carries_both_does_not_part_them() -> None:
    """The forearm and the gripper do not come nearer to each other by what joint1 and joint2 do."""
    pairs = [UR5.touch(pair, 0.0) for pair in range(len(UR5.tolerance_m))]
    pair = next(i for i, touch in enumerate(pairs) if {touch.first, touch.second} == {"forearm", "gripper_palm"})
    motion_m = UR5.motion_m(np.eye(7))[:, pair]
    assert (motion_m[:3] == 0.0).all()
    assert (motion_m[3:6] > 0.0).all()
    assert motion_m[6] == 0.0


configurations = arrays(np.float64, 7, elements=st.floats(-3.1, 3.1)).map(lambda q: np.r_[q[:6], abs(q[6]) / 3.1])


def exact_depth_m(position: FloatArray) -> FloatArray:
    UR5.place(position)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ros_wam.collision.NEAR_M", np.inf)
        return UR5.depth_m(range(len(UR5.tolerance_m)))


@settings(max_examples=40, deadline=None)
@given(configurations)
def test_what_is_far_is_farther_than_is_said(position: FloatArray) -> None:
    exact_m = exact_depth_m(position)
    said_m = UR5.depth_m(range(len(exact_m)))
    assert (said_m >= exact_m - 1e-9).all()
    np.testing.assert_array_equal(said_m[said_m > -NEAR_M], exact_m[said_m > -NEAR_M])
    assert (said_m != exact_m).any()


@settings(max_examples=40, deadline=None)
@given(configurations, arrays(np.float64, 7, elements=st.floats(-0.3, 0.3)))
def test_no_distance_changes_by_more_than_the_motion(position: FloatArray, step: FloatArray) -> None:
    """What is in each other by more than a thickness is not measured well: only what is apart is compared."""
    before_m, after_m = exact_depth_m(position), exact_depth_m(position + step)
    bound_m = UR5.motion_m(step[np.newaxis])[0]
    compared = (before_m < 0.03) & (after_m < 0.03)
    assert (np.abs(after_m - before_m) <= bound_m + 1e-6)[compared].all()


@settings(max_examples=40, deadline=None)
@given(configurations)
def test_depth_in_the_table_is_that_of_the_lowest_point(position: FloatArray) -> None:
    """MuJoCo's distance against the height of the lowest point of a capsule, in the middle of a large slab."""
    slab = CollisionModel(UR5_ROBOT, {"slab": Fixture((-4.0, -4.0, -9.0), (4.0, 4.0, 0.0))})
    slab.place(position)
    pair = next(i for i in range(len(slab.tolerance_m)) if slab.touch(i, 0.0) == Touch("slab", "forearm", 0.0))
    geom = slab._model.geom("forearm")
    up = slab._data.geom(geom.id).xmat.reshape(3, 3)[2, 2]
    lowest_m = slab._data.geom(geom.id).xpos[2] - abs(up) * geom.size[1] - geom.size[0]
    if abs(lowest_m) < 0.03:
        assert slab.depth_m([pair])[0] == pytest.approx(-lowest_m, abs=1e-5)
    else:
        assert (slab.depth_m([pair])[0] > 0.0) == (lowest_m < 0.0)


@pytest.mark.parametrize(
    ("change", "fixtures", "message"),
    [
        (("<mujoco>", "<mujoc>"), {}, r"robot toy: .*toy\.xml with its fixtures"),
        (("<mujoco>", "<mujoco>"), {"ball": wall(1.0)}, r"robot toy: .*toy\.xml with its fixtures: .*ball"),
        (('<position name="wrist" joint="wrist"/>', ""), {}, r"robot toy: toy\.xml has no actuator 'wrist'"),
        (('name="gripper" joint="thumb"', 'name="gripper" joint="wrist"'), {}, r"no actuator of toy\.xml moves thumb"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused(
    tmp_path: Path, change: tuple[str, str], fixtures: dict[str, Fixture], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        CollisionModel(toy_arm(tmp_path, MJCF.replace(*change)), fixtures)


def test_a_robot_with_nothing_around_it_has_no_pairs(tmp_path: Path) -> None:
    bare = CollisionModel(toy_arm(tmp_path, MJCF.replace('name="post"', 'name="post" contype="0" conaffinity="0"')), {})
    assert bare.touches(at(0.0)) == ()
    assert bare.motion_m(np.ones((2, 3))).shape == (2, 0)
