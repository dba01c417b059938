"""The USB camera on a V4L2 device that the test plays: the driver's stamps, its settings, and the plug."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_v4l2 import FakeV4l2

from ros_wam.calibration import CameraStation
from ros_wam.cameras import usb
from ros_wam.cameras.usb import UsbCamera, make_camera
from ros_wam.clock import StationClock
from ros_wam.errors import CameraError

WIDTH, HEIGHT = 8, 6
DEVICE = "/dev/null"  # a path that is there


def picture(shade: int = 0) -> Any:
    return np.full((HEIGHT, WIDTH, 3), (10, 20, shade), np.uint8)  # BGR


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> FakeV4l2:
    device = FakeV4l2()
    monkeypatch.setattr(cv2, "VideoCapture", lambda: device)
    return device


@pytest.fixture
def camera(device: FakeV4l2) -> Iterator[UsbCamera]:
    settings = {"source": DEVICE, "width": WIDTH, "height": HEIGHT, "exposure_us": 8000.0, "gain": 20.0}
    camera = make_camera("side", CameraStation("usb", 0.01, 30.0, settings), Path(), StationClock(0))
    yield camera
    device.unplug()
    camera.close()


def opened(device: FakeV4l2, camera: UsbCamera, age_ms: float | None = 0.0) -> None:
    device.put(picture(), age_ms)  # the first is waited for, and not served
    camera.open()


def test_picture_is_stamped_by_the_driver_less_the_latency(device: FakeV4l2, camera: UsbCamera) -> None:
    opened(device, camera, 40.0)
    clock = StationClock(0)
    before_ns = clock.now_ns()
    device.put(picture(shade=7), age_ms=30.0)
    after_ns = clock.now_ns()
    frame = camera.read(2.0)
    assert before_ns - 40_001_000 <= frame.stamp_ns <= after_ns - 39_999_000
    assert frame.image[0, 0].tolist() == [7, 20, 10]
    assert camera.facts()["stamps"] == "the driver's, of the monotonic clock"


def test_picture_that_the_driver_stamps_again_is_not_new(device: FakeV4l2, camera: UsbCamera) -> None:
    opened(device, camera, 100.0)
    device.put(picture(), age_ms=20.0)
    newest = camera.read(2.0)
    device.put(picture(), age_ms=60_000.0)
    with pytest.raises(CameraError, match=r"camera side: /dev/null: no new picture within 0.050 s"):
        camera.read(0.05)
    device.put(picture(), age_ms=0.0)
    assert camera.read(2.0).stamp_ns > newest.stamp_ns


def test_driver_that_does_not_stamp_is_told(
    device: FakeV4l2, camera: UsbCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usb, "FIRST_PICTURE_S", 0.05)
    with pytest.raises(CameraError, match="no picture within"):
        opened(device, camera, None)  # it was there at once: who knows since when
    assert camera.facts()["stamps"] == "receipt, without what had waited"


def test_device_is_opened_by_v4l2_and_its_settings_are_told(device: FakeV4l2, camera: UsbCamera) -> None:
    opened(device, camera)
    assert device.opened == [(DEVICE, cv2.CAP_V4L2)]
    facts = camera.facts()
    assert (facts["exposure_us"], facts["gain"], facts["source"]) == (8000.0, 20.0, DEVICE)


def test_setting_that_is_not_taken_closes_the_device(device: FakeV4l2, camera: UsbCamera) -> None:
    device.keeps[cv2.CAP_PROP_EXPOSURE] = 156.0
    with pytest.raises(CameraError, match="exposure_us is 15600 after 8000 was asked for"):
        camera.open()
    assert device.released == 1


def test_unplugged_device_is_an_error_and_may_be_opened_again(device: FakeV4l2, camera: UsbCamera) -> None:
    opened(device, camera)
    device.unplug()
    with pytest.raises(CameraError, match="camera side: /dev/null has ended: unplugged"):
        camera.read(2.0)
    camera.close()
    assert device.released == 1
    opened(device, camera)
    device.put(picture())
    assert camera.read(2.0).view == "side"


def test_number_is_that_of_a_device() -> None:
    settings = {"source": "97", "width": WIDTH, "height": HEIGHT}
    camera = make_camera("side", CameraStation("usb", 0.0, 30.0, settings), Path(), StationClock(0))
    with pytest.raises(CameraError, match="there is no /dev/video97"):
        camera.open()
