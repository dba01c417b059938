"""What a station file may say of a USB camera, and what is refused before anything is started."""

from typing import Any

import pytest

from ros_wam.calibration import CameraStation
from ros_wam.cameras.usb_settings import Source, read_usb_settings
from ros_wam.errors import ConfigError


def station(depth: bool = False, **device: Any) -> CameraStation:
    good = {"source": "/dev/v4l/by-id/usb-Maker_Model-video-index0", "width": 640, "height": 480}
    return CameraStation("usb", 0.0, 30.0, {**good, **device}, depth)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("/dev/video0", Source.DEVICE),
        ("2", Source.DEVICE),
        ("http://camera.local/stream.mjpg", Source.URL),
        ("https://camera.local/stream.mjpg", Source.URL),
        (__file__, Source.FILE),
    ],
)
def test_sources(source: str, kind: Source) -> None:
    assert read_usb_settings("side", station(source=source)).kind is kind


def test_password_of_an_address_is_shown_nowhere() -> None:
    settings = read_usb_settings("side", station(source="http://me:secret@10.0.0.5:8080/video?token=secret"))
    assert settings.shown == "http://10.0.0.5:8080/video"
    with pytest.raises(ConfigError) as refused:
        read_usb_settings("side", station(source="http://me:secret@10.0.0.5/video", gain=1.0))
    assert "gain can be set on a V4L2 device alone" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "http://me:${CAMERA_PASSWORD}@10.0.0.5/video"
    with pytest.raises(ConfigError, match="camera side: device: source needs the environment variable CAMERA_PASSWORD"):
        read_usb_settings("side", station(source=source))
    monkeypatch.setenv("CAMERA_PASSWORD", "secret")
    assert read_usb_settings("side", station(source=source)).source == source


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ({"expsure_us": 1.0}, "unknown key expsure_us; valid keys: source, width, height, fourcc, exposure_us"),
        ({"source": "/nowhere/film.avi"}, "source is /nowhere/film.avi, must be a device, an http"),
        ({"source": "setup.py"}, "source is setup.py, must be a device, .* or the absolute path of a file"),
        ({"source": 0}, "source: 0 must be of type str"),
        ({"fourcc": "MJPEG"}, "fourcc is 'MJPEG', must be of four letters"),
        ({"width": 0}, "width is 0, must be above 0"),
        ({"exposure_us": 33400.0}, "exposure_us is 33400, must be below a frame's period, 33333 us"),
    ],
)
def test_wrong_setting_is_told(device: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=f"camera side: device: {told}"):
        read_usb_settings("side", station(**device))


def test_usb_camera_has_no_depth() -> None:
    with pytest.raises(ConfigError, match="camera side: depth is true, but the driver usb gives colour alone"):
        read_usb_settings("side", station(depth=True))
