"""The RealSense camera on the real librealsense pipeline, which plays what librealsense itself has recorded."""

import itertools
import queue
from pathlib import Path
from typing import Any

import numpy as np
import pyrealsense2 as rs
import pytest
from recorded_realsense import (
    BASELINE_M,
    BOX,
    BOX_MM,
    COLOUR_MATRIX,
    DEPTH_MATRIX,
    HEIGHT,
    RATE_HZ,
    WALL_MM,
    WIDTH,
    record,
)

from conformance import CameraConformance
from ros_wam.calibration import CameraStation
from ros_wam.cameras import stream
from ros_wam.cameras.camera import Camera
from ros_wam.cameras.realsense import RealSenseCamera, make_camera
from ros_wam.cameras.stream import CameraStream
from ros_wam.clock import StationClock
from ros_wam.errors import CameraError
from ros_wam.types import CameraFrame

pytestmark = [pytest.mark.vendor, pytest.mark.slow]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("realsense") / "camera.db3"
    record(path)
    return path


def open_on(path: Path, depth: bool = True, latency_s: float = 0.0, **device: Any) -> RealSenseCamera:
    settings = {"file": str(path), "width": WIDTH, "height": HEIGHT, **device}
    station = CameraStation("realsense", latency_s, RATE_HZ, settings, depth)
    return make_camera("wrist", station, Path(), StationClock(0))


class TestRealSenseCamera(CameraConformance):
    @pytest.fixture
    def camera(self, recording: Path) -> Any:
        camera = open_on(recording)
        yield camera
        camera.close()

    def freeze(self, camera: Camera) -> None:
        assert isinstance(camera, RealSenseCamera)
        camera._pipeline.get_active_profile().get_device().as_playback().pause()


@pytest.fixture
def camera(recording: Path) -> Any:
    camera = open_on(recording)
    yield camera
    camera.close()


def test_every_picture_is_given_once_however_often_the_recording_is_played(camera: RealSenseCamera) -> None:
    camera.open()
    frames = [camera.read(2.0) for _ in range(50)]
    shades = [int(frame.image[0, 0, 0]) for frame in frames]
    assert all(a != b for a, b in itertools.pairwise(shades))
    assert all(a.stamp_ns < b.stamp_ns for a, b in itertools.pairwise(frames))
    assert shades.count(shades[0]) >= 2  # it was played more than once


def test_stamps_are_the_devices_and_not_of_receipt(camera: RealSenseCamera) -> None:
    camera.open()
    clock = StationClock(0)
    apart_ns, late_ns = [], []
    before = camera.read(2.0)
    for _ in range(20):
        frame = camera.read(2.0)
        late_ns.append(clock.now_ns() - frame.stamp_ns)
        pictures = int(frame.image[0, 0, 0]) - int(before.image[0, 0, 0])
        if pictures > 0:
            apart_ns.append((frame.stamp_ns - before.stamp_ns) / pictures)
        before = frame
    assert min(late_ns) >= 0
    assert np.median(apart_ns) == pytest.approx(1e9 / RATE_HZ, abs=2)


def test_latency_is_subtracted(recording: Path) -> None:
    camera = open_on(recording, latency_s=0.5)
    camera.open()
    stamp_ns = camera.read(2.0).stamp_ns
    assert StationClock(0).now_ns() - stamp_ns >= 500_000_000
    camera.close()


def test_depth_is_of_the_pixels_of_the_picture(camera: RealSenseCamera) -> None:
    camera.open()
    depth = camera.read(2.0).depth
    assert depth is not None
    fx, fy, cx, cy = COLOUR_MATRIX
    np.testing.assert_allclose(depth.camera_matrix, [[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    seen = depth.distance_mm
    assert seen.shape == (HEIGHT, WIDTH)
    assert {int(value) for value in np.unique(seen)} <= {0, BOX_MM, WALL_MM}
    rows, columns = np.nonzero(seen == BOX_MM)
    for pixels, focal, centre, c, f, shift_m, edge in (
        (columns, DEPTH_MATRIX[0], DEPTH_MATRIX[2], cx, fx, BASELINE_M, BOX[1]),
        (rows, DEPTH_MATRIX[1], DEPTH_MATRIX[3], cy, fy, 0.0, BOX[0]),
    ):
        box_m = BOX_MM * 1e-3
        first = ((edge.start - centre) / focal * box_m + shift_m) / box_m * f + c
        last = ((edge.stop - 1 - centre) / focal * box_m + shift_m) / box_m * f + c
        assert pixels.min() == pytest.approx(first, abs=1.0)
        assert pixels.max() == pytest.approx(last, abs=1.0)


def test_colour_alone(recording: Path) -> None:
    camera = open_on(recording, depth=False)
    camera.open()
    assert camera.read(2.0).depth is None
    camera.close()


def test_picture_without_its_depth_is_left_out(tmp_path: Path) -> None:
    record(tmp_path / "holes.db3", unpaired=(8, 16, 24))
    camera = open_on(tmp_path / "holes.db3")
    camera.open()
    frames = [camera.read(2.0) for _ in range(30)]
    camera.close()
    assert all(frame.depth is not None for frame in frames)
    shades = {int(frame.image[0, 0, 0]) for frame in frames}
    assert shades.isdisjoint({28, 36, 44})


def test_what_is_verified_is_told(camera: RealSenseCamera) -> None:
    camera.open()
    camera.read(2.0)
    facts = camera.facts()
    assert facts["serial"] == "012345678901"
    assert facts["stamps"] == "hardware_clock, mapped by the least delay"


def test_option_that_the_recording_has_not_is_an_error_of_opening(recording: Path) -> None:
    camera = open_on(recording, exposure_us=20000.0, gain=64.0)
    with pytest.raises(CameraError, match=r"exposure is 8000 after 20000 was asked for; it takes 8000 to 8000"):
        camera.open()
    camera.close()
    as_recorded = open_on(recording, exposure_us=8000.0, gain=64.0)
    as_recorded.open()
    assert as_recorded.facts()["exposure"] == 8000.0
    as_recorded.close()


def test_stream_that_there_is_not_is_an_error_of_opening(recording: Path) -> None:
    camera = open_on(recording, width=640, height=480)
    with pytest.raises(CameraError, match=r"camera wrist: .*camera.db3 cannot be opened: Couldn't resolve requests"):
        camera.open()


def test_camera_that_is_not_plugged_in_is_an_error() -> None:
    station = CameraStation("realsense", 0.0, 30.0, {"serial": "012345678901", "width": 640, "height": 480})
    camera = make_camera("wrist", station, Path(), StationClock(0))
    with pytest.raises(CameraError, match="camera wrist: RealSense 012345678901 is not connected; connected: none"):
        camera.open()
    camera.close()


def test_camera_that_falls_silent_is_opened_again(camera: RealSenseCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "REOPEN_AFTER_S", 0.0)
    frames: queue.Queue[CameraFrame] = queue.Queue()
    errors: queue.Queue[CameraError] = queue.Queue()
    watched = CameraStream(camera, frames.put, errors.put)
    watched.start()
    before = frames.get(timeout=10.0)
    camera._pipeline.get_active_profile().get_device().as_playback().pause()
    assert "camera.db3" in str(errors.get(timeout=10.0))
    while not frames.empty():
        before = frames.get()
    assert frames.get(timeout=10.0).stamp_ns > before.stamp_ns
    watched.stop()


def test_library_that_was_tested_is_the_one_here() -> None:
    assert rs.__version__.startswith("2.59.1")
