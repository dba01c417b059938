"""Pixels and metres: there and back, for both cameras and a lens with distortion."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_tabletop import VIEWS, camera

from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.tool_vector import to_matrix

OVER_TABLE = to_matrix(np.array([-0.46, 0.0, 0.34, np.pi / 2, 0.0, 0.0]))
coordinates = {"x": st.floats(-0.6, -0.36), "y": st.floats(-0.26, 0.06), "z": st.floats(0.0, 0.1)}


@pytest.mark.parametrize("view", VIEWS)
@given(**coordinates)
@settings(max_examples=25)
def test_a_point_is_found_again_on_its_plane(view: str, x: float, y: float, z: float) -> None:
    placed = camera(view, OVER_TABLE)
    pixel = placed.project(np.array([[x, y, z]]))
    assert placed.on_plane(pixel, z)[0] == pytest.approx([x, y], abs=1e-9)


@given(**coordinates)
@settings(max_examples=25)
def test_projection_agrees_with_opencv(x: float, y: float, z: float) -> None:
    placed = camera("global", OVER_TABLE)
    T_camera_base = np.linalg.inv(placed.T_base_camera)
    rotation, _ = cv2.Rodrigues(T_camera_base[:3, :3])
    point = np.array([[x, y, z]])
    wanted, _ = cv2.projectPoints(point, rotation, T_camera_base[:3, 3], placed.calibration.camera_matrix, None)
    assert placed.project(point)[0] == pytest.approx(wanted.reshape(2), abs=1e-6)


def test_what_is_behind_the_camera_has_no_pixel() -> None:
    placed = camera("global", OVER_TABLE)
    behind = placed.position_m - placed.T_base_camera[:3, 2]
    assert np.isnan(placed.project(behind.reshape(1, 3))).all()


def test_a_ray_that_rises_meets_no_table() -> None:
    level = np.eye(4)
    level[:3, :3] = [[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]  # looking along the base's x
    level[:3, 3] = [0.0, 0.0, 0.5]
    plain = replace(VIEWS["global"], position_m=(0.0, 0.0, 0.0), quat_xyzw=(0.0, 0.0, 0.0, 1.0))
    meeting = PlacedCamera(plain, level).on_plane(np.array([[160.0, 20.0], [160.0, 220.0]]), 0.0)
    assert np.isnan(meeting[0]).all()
    assert np.isfinite(meeting[1]).all()


def test_the_lens_is_taken_out() -> None:
    bent = replace(VIEWS["wrist"], distortion=(-0.2, 0.05, 0.001, -0.001, 0.0))
    placed = PlacedCamera(bent, OVER_TABLE)
    point = np.array([[-0.5, -0.1, 0.0]])
    T_camera_base = np.linalg.inv(placed.T_base_camera)
    rotation, _ = cv2.Rodrigues(T_camera_base[:3, :3])
    seen, _ = cv2.projectPoints(point, rotation, T_camera_base[:3, 3], bent.camera_matrix, np.array(bent.distortion))
    straight = placed.undistorted(seen.reshape(1, 2))
    assert np.abs(seen.reshape(2) - straight[0]).max() > 0.2
    assert placed.on_plane(straight, 0.0)[0] == pytest.approx(point[0, :2], abs=1e-4)
