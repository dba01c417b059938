"""Poses against the columns that policies write them in."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.policy.columns import PARTS
from ros_wam.policy.pose_columns import pose_part, rotations
from ros_wam.types import FloatArray

ROTATIONS = [part for part in PARTS if part != "xyz"]
angle = st.floats(-3.1, 3.1)


def turned(axis: str, angle_rad: float) -> FloatArray:
    """The rotation about one axis, worked out by OpenCV."""
    return np.asarray(cv2.Rodrigues(np.array([axis == "x", axis == "y", axis == "z"]) * angle_rad)[0])


def pose(rotation: FloatArray) -> FloatArray:
    transform = np.eye(4)
    transform[:3, :3], transform[:3, 3] = rotation, (1.0, 2.0, 3.0)
    return transform


@pytest.mark.parametrize("part", ROTATIONS)
@settings(max_examples=30)
@given(roll=angle, pitch=angle, yaw=angle)
def test_a_rotation_comes_back_from_its_columns(part: str, roll: float, pitch: float, yaw: float) -> None:
    rotation = turned("z", yaw) @ turned("y", pitch) @ turned("x", roll)
    columns = pose_part(pose(rotation), part)
    assert columns.shape == (len(PARTS[part]),)
    np.testing.assert_allclose(rotations(columns[None], part)[0], rotation, atol=1e-7)


@pytest.mark.parametrize("part", ROTATIONS)
@pytest.mark.parametrize("axis", ["x", "y", "z"])
@pytest.mark.parametrize("angle_rad", [0.0, 0.5 * np.pi, -0.5 * np.pi, np.pi])
def test_quarter_turns_are_no_singularity_that_loses_them(part: str, axis: str, angle_rad: float) -> None:
    rotation = turned(axis, angle_rad)
    np.testing.assert_allclose(rotations(pose_part(pose(rotation), part)[None], part)[0], rotation, atol=1e-7)


def test_columns_mean_what_their_names_say() -> None:
    rotation = turned("z", 0.3) @ turned("y", 0.2) @ turned("x", 0.1)
    where = pose(rotation)
    np.testing.assert_array_equal(pose_part(where, "xyz"), [1.0, 2.0, 3.0])
    np.testing.assert_allclose(pose_part(where, "rpy"), [0.1, 0.2, 0.3])
    np.testing.assert_allclose(pose_part(pose(turned("y", 0.4)), "rotvec"), [0.0, 0.4, 0.0], atol=1e-12)
    xyzw = pose_part(pose(turned("z", 0.4)), "quat_xyzw")
    np.testing.assert_allclose(xyzw, [0.0, 0.0, np.sin(0.2), np.cos(0.2)], atol=1e-12)
    np.testing.assert_allclose(pose_part(pose(turned("z", 0.4)), "quat_wxyz"), xyzw[[3, 0, 1, 2]])
    for part in ("rot6d", "rot6d_interleaved", "rot6d_rows"):
        named = [rotation[int(name[1]) - 1, int(name[2]) - 1] for name in PARTS[part]]
        np.testing.assert_array_equal(pose_part(where, part), named)


def test_quaternions_need_not_be_of_unit_length() -> None:
    rotation = turned("y", 3.0)
    columns = pose_part(pose(rotation), "quat_wxyz")
    np.testing.assert_allclose(rotations(-2.5 * columns[None], "quat_wxyz")[0], rotation, atol=1e-9)


@given(roll=angle, pitch=angle, yaw=angle)
def test_quaternions_have_the_sign_that_is_told(roll: float, pitch: float, yaw: float) -> None:
    rotation = turned("z", yaw) @ turned("y", pitch) @ turned("x", roll)
    w, *axis = pose_part(pose(rotation), "quat_wxyz")
    assert w >= 0.5 or (w > -0.5 and max(axis, key=abs) > 0.0)
    assert np.linalg.norm(pose_part(pose(rotation), "rotvec")) < np.radians(240.1)


@pytest.mark.parametrize("part", ["quat_xyzw", "quat_wxyz", "rotvec"])
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_tool_that_wobbles_about_pointing_down_does_not_leap(part: str, axis: str) -> None:
    down = turned("x", np.pi)
    seen = [pose_part(pose(down @ turned(axis, wobble)), part) for wobble in np.linspace(-0.8, 0.8, 33)]
    assert np.abs(np.diff(seen, axis=0)).max() < 0.1


@given(noise=st.lists(st.floats(-0.2, 0.2), min_size=6, max_size=6))
def test_a_rough_6d_rotation_becomes_a_rotation_that_keeps_its_first_direction(noise: list[float]) -> None:
    columns = np.array([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]) + noise
    (rotation,) = rotations(columns[None], "rot6d")
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    np.testing.assert_allclose(rotation[:, 0], columns[:3] / np.linalg.norm(columns[:3]))


@pytest.mark.parametrize("part", ["quat_xyzw", "quat_wxyz", "rot6d", "rot6d_interleaved", "rot6d_rows"])
def test_what_is_no_rotation_is_not_made_one(part: str) -> None:
    assert np.isnan(rotations(np.zeros((1, len(PARTS[part]))), part)).any()


@pytest.mark.parametrize("part", ["quat_xyzw", "quat_wxyz", "rot6d", "rot6d_interleaved", "rot6d_rows"])
def test_what_has_no_length_that_can_be_told_is_not_made_a_rotation(part: str) -> None:
    assert np.isnan(rotations(np.full((1, len(PARTS[part])), 1e200), part)).any()


@pytest.mark.parametrize("length", [1e-3, 1.0, 1e20])
def test_directions_that_are_one_are_no_rotation_however_long(length: float) -> None:
    assert np.isnan(rotations(length * np.array([[0.3, 0.7, 0.2] * 2]), "rot6d")).any()


def test_columns_of_another_number_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="quat_xyzw"):
        rotations(np.zeros((1, 3)), "quat_xyzw")
