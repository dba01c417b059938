"""A camera's thread: new pictures are handed on, frozen ones never, and a failed camera is opened again."""

import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_camera import FakeCamera

from conformance import CameraConformance
from ros_wam.calibration import CameraStation
from ros_wam.cameras import CAMERAS, make_camera, stream
from ros_wam.cameras.camera import Camera
from ros_wam.cameras.stream import FROZEN_FRAMES, CameraStream
from ros_wam.clock import FakeClock
from ros_wam.errors import CameraError, ConfigError
from ros_wam.types import CameraFrame


class TestFakeCamera(CameraConformance):
    @pytest.fixture
    def camera(self) -> FakeCamera:
        camera = FakeCamera()
        for k in range(8):
            camera.put(k, k)
        return camera

    def freeze(self, camera: Camera) -> None:
        assert isinstance(camera, FakeCamera)
        camera.is_frozen = True


class Watched:
    """A camera, its stream and what came of it."""

    def __init__(self) -> None:
        self.camera = FakeCamera()
        self.frames: queue.Queue[CameraFrame] = queue.Queue()
        self.errors: queue.Queue[CameraError] = queue.Queue()
        self.stream = CameraStream(self.camera, self.frames.put, self.errors.put)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(stream, "READ_TIMEOUT_S", 0.05)
    monkeypatch.setattr(stream, "REOPEN_AFTER_S", 0.0)
    watched = Watched()
    watched.stream.start()
    yield watched
    watched.stream.stop()
    assert not watched.stream.running
    assert watched.camera.closed == watched.camera.opened


def test_new_pictures_are_handed_on(watched: Watched) -> None:
    for k in range(3):
        watched.camera.put(k, shade=k)
    assert [watched.frames.get(timeout=5.0).stamp_ns for _ in range(3)] == [0, 1, 2]


def test_same_picture_with_a_new_stamp_is_not_served(watched: Watched) -> None:
    for stamp_ns, shade in enumerate((1, 1, 1, 2, 1)):
        watched.camera.put(stamp_ns, shade)
    assert [watched.frames.get(timeout=5.0).stamp_ns for _ in range(3)] == [0, 3, 4]
    assert watched.stream.repeated == 2


def test_camera_that_repeats_its_picture_is_called_frozen(watched: Watched) -> None:
    for stamp_ns in range(1 + FROZEN_FRAMES):
        watched.camera.put(stamp_ns, shade=1)
    assert "frozen: it sent the same picture 15 times" in str(watched.errors.get(timeout=5.0))
    watched.camera.put(1 + FROZEN_FRAMES, shade=1)  # it has been opened again, and shows the same
    watched.camera.put(2 + FROZEN_FRAMES, shade=2)
    assert [watched.frames.get(timeout=5.0).stamp_ns for _ in range(2)] == [0, 2 + FROZEN_FRAMES]


def test_failed_camera_is_reported_and_opened_again(watched: Watched) -> None:
    assert "sent nothing within 0.05 s" in str(watched.errors.get(timeout=5.0))
    watched.camera.put(1, shade=1)
    assert watched.frames.get(timeout=5.0).stamp_ns == 1
    assert watched.camera.opened >= 2


def test_unknown_driver_is_named_with_the_ones_there_are() -> None:
    with pytest.raises(ConfigError, match=f"camera wrist: no driver 'x'; there are: {', '.join(CAMERAS)}"):
        make_camera("wrist", CameraStation("x", 0.0, 30.0), Path(), FakeClock())


def test_library_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    monkeypatch.delitem(sys.modules, "ros_wam.cameras.realsense", raising=False)
    told = r"camera wrist: driver realsense needs pyrealsense2: pip install '\.\[realsense\]' in a checkout"
    with pytest.raises(ConfigError, match=told):
        make_camera("wrist", CameraStation("realsense", 0.0, 30.0), Path(), FakeClock())
