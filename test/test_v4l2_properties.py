"""Settings of a V4L2 device: set in an order that lasts, read back, and every one that was not taken is told."""

from typing import Any

import cv2
import pytest
from fake_v4l2 import FakeV4l2

from ros_wam.cameras.usb_settings import UsbSettings
from ros_wam.cameras.v4l2_properties import set_properties
from ros_wam.errors import CameraError

MJPG = float(cv2.VideoWriter.fourcc(*"MJPG"))
YUYV = float(cv2.VideoWriter.fourcc(*"YUYV"))


def settings(**device: Any) -> UsbSettings:
    return UsbSettings("/dev/video0", 640, 480, **device)


def test_everything_is_set_and_read_back_in_our_units() -> None:
    device = FakeV4l2()
    told = set_properties("side", device, settings(exposure_us=8000.0, gain=32.0, white_balance_k=4600.0), 30.0)
    assert told["exposure_us"] == 8000.0
    assert device.values[cv2.CAP_PROP_EXPOSURE] == 80.0
    assert device.values[cv2.CAP_PROP_AUTO_EXPOSURE] == 1.0
    assert device.values[cv2.CAP_PROP_AUTO_WB] == 0.0
    assert device.values[cv2.CAP_PROP_AUTOFOCUS] == 1.0
    assert (told["width"], told["height"], told["rate_hz"], told["fourcc"]) == (640.0, 480.0, 30.0, MJPG)
    assert device.order.index(cv2.CAP_PROP_FOURCC) < device.order.index(cv2.CAP_PROP_FRAME_WIDTH)
    assert device.order.index(cv2.CAP_PROP_AUTO_EXPOSURE) < device.order.index(cv2.CAP_PROP_EXPOSURE)


def test_what_is_left_out_the_device_regulates_if_it_can() -> None:
    device = FakeV4l2(lacks=(cv2.CAP_PROP_AUTOFOCUS, cv2.CAP_PROP_AUTO_EXPOSURE))
    told = set_properties("side", device, settings(), 30.0)
    assert device.values[cv2.CAP_PROP_AUTO_WB] == 1.0
    assert "auto_exposure" not in told
    assert cv2.CAP_PROP_EXPOSURE not in device.order


def test_all_that_was_silently_not_taken_is_told() -> None:
    device = FakeV4l2({cv2.CAP_PROP_FOURCC: YUYV, cv2.CAP_PROP_FPS: 10.0, cv2.CAP_PROP_EXPOSURE: 156.0})
    with pytest.raises(CameraError) as refused:
        set_properties("side", device, settings(exposure_us=8000.0), 30.0)
    assert str(refused.value) == (
        "camera side: /dev/video0: fourcc is YUYV after MJPG was asked for; rate_hz is 10 after 30 was asked for; "
        "exposure_us is 15600 after 8000 was asked for; "
        "v4l2-ctl -d /dev/video0 --list-formats-ext --list-ctrls tells what it takes"
    )


def test_another_format_of_a_similar_name_is_another() -> None:
    jpeg = float(cv2.VideoWriter.fourcc(*"JPEG"))
    with pytest.raises(CameraError, match="fourcc is JPEG after MJPG was asked for"):
        set_properties("side", FakeV4l2({cv2.CAP_PROP_FOURCC: jpeg}), settings(), 30.0)


@pytest.mark.parametrize(("given_hz", "taken"), [(29.97, True), (29.6, False)])
def test_rate_of_television_will_do(given_hz: float, taken: bool) -> None:
    device = FakeV4l2({cv2.CAP_PROP_FPS: given_hz})
    if taken:
        assert set_properties("side", device, settings(), 30.0)["rate_hz"] == given_hz
    else:
        with pytest.raises(CameraError, match=r"rate_hz is 29\.6 after 30 was asked for"):
            set_properties("side", device, settings(), 30.0)


def test_control_that_the_device_lacks() -> None:
    with pytest.raises(CameraError, match="camera side: /dev/video0: gain cannot be set; v4l2-ctl"):
        set_properties("side", FakeV4l2(lacks=(cv2.CAP_PROP_GAIN,)), settings(gain=10.0), 30.0)


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation", "sharpness", "focus"])
def test_value_of_zero_counts(name: str) -> None:
    told = set_properties("side", FakeV4l2(), settings(**{name: 0.0}), 30.0)
    assert told[name] == 0.0
    with pytest.raises(CameraError, match=f"{name} is 3 after 0 was asked for"):
        key = getattr(cv2, f"CAP_PROP_{name.upper()}")
        set_properties("side", FakeV4l2({key: 3.0}), settings(**{name: 0.0}), 30.0)
