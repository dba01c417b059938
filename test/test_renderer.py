"""Pictures: the same every time, dated, and in agreement with the calibration to a fraction of a pixel."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import mujoco
import numpy as np
import pytest

from ros_wam.calibration import ViewCalibration, load_view
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import SimError
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.time_code import decode_time_ns
from ros_wam.sim.world import World

ROOT = Path(__file__).parents[1]
CALIBRATION = ROOT / "calib/ur5/sim"
VIEWS = ("wrist", "global")


@pytest.fixture(scope="module")
def world() -> World:
    return World(load_embodiment(ROOT / "robots/ur5.yaml"), CALIBRATION, "move_objects_into_box", 0)


@pytest.fixture(scope="module")
def views() -> dict[str, ViewCalibration]:
    return {view: load_view(CALIBRATION, view) for view in VIEWS}


@pytest.fixture(scope="module")
def renderer(world: World, views: dict[str, ViewCalibration]) -> Iterator[Renderer]:
    renderer = Renderer(world.model, views)
    yield renderer
    renderer.close()


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_has_the_calibrated_size_and_its_time(
    view: str, world: World, renderer: Renderer, views: dict[str, ViewCalibration]
) -> None:
    world.step()
    image = renderer.render(world.snapshot(), view)
    assert image.shape == (views[view].height, views[view].width, 3)
    assert decode_time_ns(image) == world.time_ns
    assert decode_time_ns(renderer.render(world.snapshot(epoch_ns=1_700_000_000_000_000_000), view)) == (
        1_700_000_000_000_000_000 + world.time_ns
    )


def test_the_same_snapshot_gives_the_same_picture_from_any_renderer(
    world: World, renderer: Renderer, views: dict[str, ViewCalibration]
) -> None:
    snapshot = world.snapshot()
    other = Renderer(world.model, views)
    first = {view: renderer.render(snapshot, view) for view in VIEWS}
    again = {view: other.render(snapshot, view) for view in VIEWS}
    other.close()
    for view in VIEWS:
        np.testing.assert_array_equal(first[view], again[view])
        np.testing.assert_array_equal(first[view], renderer.render(snapshot, view))


@pytest.mark.parametrize("view", VIEWS)
def test_the_projection_of_an_object_is_where_the_picture_shows_it(
    view: str, world: World, renderer: Renderer, views: dict[str, ViewCalibration]
) -> None:
    """The cylinder's outline, projected by OpenCV with the calibration, covers its green pixels."""
    calibration = views[view]
    body, frame = world.data.body("cylinder"), world.data.site("tool") if view == "wrist" else world.data.body("base")
    T_world_frame = np.eye(4)
    T_world_frame[:3, :3], T_world_frame[:3, 3] = frame.xmat.reshape(3, 3), frame.xpos
    T_camera_world = np.linalg.inv(T_world_frame @ calibration.T_frame_camera)
    angles = np.linspace(0, 2 * np.pi, 180)
    radius, half_height = world.model.geom("cylinder").size[:2]
    rim = np.stack([radius * np.cos(angles), radius * np.sin(angles), np.ones_like(angles)], axis=1)
    points = np.concatenate([rim * [1, 1, half_height], rim * [1, 1, -half_height]]) + body.xpos
    rotation, _ = cv2.Rodrigues(T_camera_world[:3, :3])
    distortion = np.array(calibration.distortion or (0.0,) * 5)
    pixels, _ = cv2.projectPoints(points, rotation, T_camera_world[:3, 3], calibration.camera_matrix, distortion)
    expected = np.zeros((calibration.height, calibration.width), np.uint8)
    cv2.fillConvexPoly(expected, cv2.convexHull(np.round(pixels * 16).astype(np.int32)), 1, shift=4)
    image = renderer.render(world.snapshot(), view).astype(int)
    seen = (image[..., 1] > 1.5 * image[..., 0]) & (image[..., 1] > 1.5 * image[..., 2])
    assert seen.sum() > 150
    for axis in (0, 1):
        ranges = [(np.nonzero(mask)[axis].min(), np.nonzero(mask)[axis].max()) for mask in (seen, expected)]
        assert np.abs(np.subtract(*ranges)).max() <= 1
    offset = np.subtract(*[np.argwhere(mask).mean(axis=0) for mask in (seen, expected)])
    assert np.abs(offset).max() < 0.3


def test_an_unknown_view_names_those_there_are(world: World, renderer: Renderer) -> None:
    with pytest.raises(SimError, match="wrist, global"):
        renderer.render(world.snapshot(), "side")


@pytest.mark.parametrize("view", VIEWS)
def test_depth_is_the_distance_along_the_axis_of_the_camera(
    renderer: Renderer, world: World, views: dict[str, ViewCalibration], view: str
) -> None:
    renderer.render(world.snapshot(0), view)
    depth, calibration = renderer.depth(view), views[view]
    np.testing.assert_array_equal(depth.camera_matrix, calibration.camera_matrix)
    camera = world.model.camera(view).id
    origin, axes = renderer._data.cam_xpos[camera], renderer._data.cam_xmat[camera].reshape(3, 3)
    for row, column in ((120, 160), (200, 100)):
        x, y = (column + 0.5 - calibration.cx) / calibration.fx, (row + 0.5 - calibration.cy) / calibration.fy
        ray = axes @ [x, -y, -1.0]  # MuJoCo's cameras look along -z
        distance_m = mujoco.mj_ray(world.model, renderer._data, origin, ray, None, 1, -1, np.zeros(1, np.int32))
        assert depth.distance_mm[row, column] == pytest.approx(1e3 * distance_m, rel=0.005)
