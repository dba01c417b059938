"""The USB camera through OpenCV's own sources: a file that is played again and again, and MJPEG over HTTP."""

import itertools
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from mjpeg_server import HEIGHT, WIDTH, MjpegServer, picture

from conformance import CameraConformance
from ros_wam.calibration import CameraStation
from ros_wam.cameras import stream
from ros_wam.cameras.camera import Camera
from ros_wam.cameras.stream import CameraStream
from ros_wam.cameras.usb import UsbCamera, make_camera
from ros_wam.clock import StationClock
from ros_wam.errors import CameraError
from ros_wam.types import CameraFrame

pytestmark = [pytest.mark.vendor, pytest.mark.slow]
FRAMES = 20


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("usb") / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (WIDTH, HEIGHT))
    for k in range(FRAMES):
        writer.write(picture(k)[:, :, ::-1])
    writer.release()
    return path


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    server = MjpegServer()
    yield server
    server.close()


def open_on(source: str, rate_hz: float = 30.0, latency_s: float = 0.0, **device: Any) -> UsbCamera:
    settings = {"source": source, "width": WIDTH, "height": HEIGHT, **device}
    return make_camera("side", CameraStation("usb", latency_s, rate_hz, settings), Path(), StationClock(0))


@pytest.fixture
def camera(server: MjpegServer) -> Iterator[UsbCamera]:
    camera = open_on(server.url)
    yield camera
    camera.close()


class TestUsbCameraOnHttp(CameraConformance):
    @pytest.fixture
    def camera(self, server: MjpegServer) -> Iterator[Camera]:
        self.server = server
        camera = open_on(server.url)
        yield camera
        camera.close()

    def freeze(self, camera: Camera) -> None:
        self.server.frozen.set()


class TestUsbCameraOnFile(CameraConformance):
    @pytest.fixture
    def camera(self, film: Path) -> Iterator[Camera]:
        camera = open_on(str(film))
        yield camera
        camera.close()

    def freeze(self, camera: Camera) -> None:
        assert isinstance(camera, UsbCamera)
        assert camera._thread is not None
        camera._thread._stop.set()


def test_colours_are_red_green_blue(camera: UsbCamera) -> None:
    camera.open()
    pixel = camera.read(2.0).image[HEIGHT // 2, WIDTH // 2].astype(int)
    assert pixel[2] > 200 > pixel[0]
    assert pixel[1] < 30


def test_file_is_played_at_the_stations_rate_and_again(film: Path) -> None:
    camera = open_on(str(film), rate_hz=60.0)
    camera.open()
    frames = [camera.read(2.0) for _ in range(2 * FRAMES)]
    camera.close()
    reds = [int(frame.image[0, 0, 0]) for frame in frames]
    assert any(a > b for a, b in itertools.pairwise(reds))
    assert frames[-1].stamp_ns - frames[0].stamp_ns >= (2 * FRAMES - 2) * 1e9 / 60.0


def test_latency_is_subtracted(film: Path) -> None:
    camera = open_on(str(film), latency_s=0.5)
    camera.open()
    stamp_ns = camera.read(2.0).stamp_ns
    camera.close()
    assert StationClock(0).now_ns() - stamp_ns >= 500_000_000


def test_picture_is_the_newest_after_nobody_has_read_for_long(camera: UsbCamera) -> None:
    camera.open()
    first = camera.read(2.0)
    StationClock(0).sleep_until_ns(first.stamp_ns + 500_000_000)
    assert camera.read(2.0).stamp_ns > first.stamp_ns + 250_000_000  # the next in a queue would be of 33 ms after it
    assert camera.facts()["skipped"] >= 5


def test_server_that_goes_and_comes_back(server: MjpegServer) -> None:
    camera = open_on(server.url)
    camera.open()
    before = camera.read(2.0)
    server.close()
    with pytest.raises(CameraError, match="has ended"):
        for _ in range(100):
            camera.read(2.0)
    camera.close()
    with pytest.raises(CameraError, match=f"camera side: {server.url} cannot be opened"):
        camera.open()
    again = MjpegServer(server.port)
    camera.open()
    assert camera.read(2.0).stamp_ns > before.stamp_ns
    camera.close()
    again.close()


def test_stream_goes_on_when_the_server_is_back(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "REOPEN_AFTER_S", 0.02)
    frames: queue.Queue[CameraFrame] = queue.Queue()
    errors: queue.Queue[CameraError] = queue.Queue()
    watched = CameraStream(open_on(server.url), frames.put, errors.put)
    watched.start()
    frames.get(timeout=10.0)
    server.close()
    while "cannot be opened" not in str(errors.get(timeout=10.0)):
        pass
    while not frames.empty():
        frames.get()
    again = MjpegServer(server.port)
    assert frames.get(timeout=10.0).view == "side"
    watched.stop()
    again.close()


def test_address_may_hold_what_the_environment_has(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERA_PORT", str(server.port))
    camera = open_on("http://127.0.0.1:${CAMERA_PORT}/stream.mjpg")
    camera.open()
    assert camera.read(2.0).view == "side"
    camera.close()


def test_picture_of_another_size_is_an_error(server: MjpegServer) -> None:
    camera = open_on(server.url, width=640, height=480)
    camera.open()
    with pytest.raises(CameraError, match=r"camera side: http.* sends 64x48, must be 640x480"):
        camera.read(2.0)
    camera.close()


def test_device_that_is_not_there_is_an_error() -> None:
    camera = open_on("/dev/video99")
    with pytest.raises(CameraError, match="camera side: there is no /dev/video99; there are: "):
        camera.open()


def test_what_the_stamps_are_is_told(camera: UsbCamera, server: MjpegServer) -> None:
    camera.open()
    camera.read(2.0)
    assert camera.facts()["stamps"] == "receipt, without what had waited"
    assert camera.facts()["source"] == server.url
