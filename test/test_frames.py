"""Pictures through files: whole, in order, and silent when the writer is."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance import CameraConformance
from ros_wam.calibration import CameraStation
from ros_wam.cameras import check_camera
from ros_wam.cameras.camera import Camera
from ros_wam.cameras.sim import SimCamera, make_camera
from ros_wam.clock import StationClock
from ros_wam.errors import CameraError, ConfigError
from ros_wam.sim.frames import FrameReader, FrameWriter
from ros_wam.types import DepthImage

SETTINGS = CameraStation("sim", latency_s=0.0, rate_hz=30.0)


class Filming:
    """Writes pictures one after another in a thread until it is stopped; every pixel of a picture is the same."""

    def __init__(self, run_dir: Path) -> None:
        self._writer = FrameWriter(run_dir, "wrist", 320, 240)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for stamp_ns in itertools.count(1):
            self._writer.write(np.full((240, 320, 3), stamp_ns % 256, np.uint8), stamp_ns)
            if self._stop.wait(0.001):
                return

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def close(self) -> None:
        self.stop()
        self._writer.close()


@pytest.fixture
def filming(tmp_path: Path) -> Iterator[Filming]:
    filming = Filming(tmp_path)
    yield filming
    filming.close()


class TestSimCamera(CameraConformance):
    @pytest.fixture
    def camera(self, filming: Filming, tmp_path: Path) -> Camera:
        self.filming = filming
        return make_camera("wrist", SETTINGS, tmp_path, StationClock(0))

    def freeze(self, camera: Camera) -> None:
        self.filming.stop()


def test_no_picture_is_ever_half_written(filming: Filming, tmp_path: Path) -> None:
    reader = FrameReader(tmp_path, "wrist")
    seen = 0
    for _ in range(200):
        found = reader.read(1.0)
        if found is not None:
            seen += 1
            assert (found.image == found.stamp_ns % 256).all()
    reader.close()
    assert seen > 150


def test_a_picture_from_before_is_not_news(tmp_path: Path) -> None:
    writer = FrameWriter(tmp_path, "wrist", 4, 2)
    writer.write(np.zeros((2, 4, 3), np.uint8), 1)
    reader = FrameReader(tmp_path, "wrist")
    assert reader.read(0.01) is None
    writer.write(np.ones((2, 4, 3), np.uint8), 2)
    found = reader.read(1.0)
    assert found is not None
    assert found.stamp_ns == 2
    assert found.depth is None
    reader.close()
    writer.close()


def test_readers_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    writer = FrameWriter(tmp_path, "wrist", 4, 2)
    stale = tmp_path / "frames/wrist/999-1.sock"
    stale.touch()
    writer.write(np.zeros((2, 4, 3), np.uint8), 1)
    assert not stale.exists()
    writer.close()


def test_no_reader_ever_has_the_address_of_one_before(tmp_path: Path) -> None:
    writer = FrameWriter(tmp_path, "wrist", 4, 2)
    addresses = set()
    for _ in range(20):
        reader = FrameReader(tmp_path, "wrist")
        addresses |= set((tmp_path / "frames/wrist").glob("*.sock"))
        reader.close()
    writer.close()
    assert len(addresses) == 20


def test_latency_is_taken_off_the_stamp(tmp_path: Path) -> None:
    writer = FrameWriter(tmp_path, "wrist", 4, 2)
    camera = SimCamera("wrist", CameraStation("sim", latency_s=0.01, rate_hz=30.0), tmp_path, StationClock(0))
    camera.open()
    writer.write(np.zeros((2, 4, 3), np.uint8), 50_000_000)
    assert camera.read(1.0).stamp_ns == 40_000_000
    camera.close()
    writer.close()


def test_depth_comes_with_its_picture(tmp_path: Path) -> None:
    writer = FrameWriter(tmp_path, "wrist", 4, 2, deep=True)
    camera = SimCamera("wrist", replace(SETTINGS, depth=True), tmp_path, StationClock(0))
    camera.open()
    matrix = np.array([[3.0, 0.0, 2.0], [0.0, 3.5, 1.0], [0.0, 0.0, 1.0]])
    for shade in (1, 2):
        distance_mm = np.full((2, 4), 1000 + shade, np.uint16)
        writer.write(np.full((2, 4, 3), shade, np.uint8), shade, DepthImage(distance_mm, matrix))
        frame = camera.read(1.0)
        assert frame.depth is not None
        assert (frame.image == shade).all()
        assert (frame.depth.distance_mm == 1000 + shade).all()
        np.testing.assert_array_equal(frame.depth.camera_matrix, matrix)
    camera.close()
    writer.close()


def test_a_setting_of_a_device_is_refused() -> None:
    check_camera("wrist", SETTINGS)
    with pytest.raises(ConfigError, match="camera wrist: device: unknown key serial"):
        check_camera("wrist", replace(SETTINGS, device={"serial": "1"}))


def test_without_a_simulator_the_camera_says_so(tmp_path: Path) -> None:
    camera = SimCamera("wrist", SETTINGS, tmp_path, StationClock(0))
    with pytest.raises(CameraError, match="serves no view 'wrist'"):
        camera.open()
    with pytest.raises(CameraError, match="not open"):
        camera.read(0.01)
