"""What a station file may say of a RealSense camera, and what is refused before anything is started."""

from pathlib import Path
from typing import Any

import pytest

from ros_wam.calibration import CameraStation
from ros_wam.cameras.realsense_settings import read_realsense_settings
from ros_wam.errors import ConfigError

GOOD = {"serial": "012345678901", "width": 640, "height": 480}


def station(rate_hz: float = 30.0, depth: bool = False, **device: Any) -> CameraStation:
    return CameraStation("realsense", 0.0, rate_hz, {**GOOD, **device}, depth)


def test_settings_are_read() -> None:
    settings = read_realsense_settings("wrist", station(exposure_us=8000, gain=64, depth=True, emitter=True))
    assert (settings.serial, settings.exposure_us, settings.gain, settings.emitter) == (
        "012345678901",
        8000.0,
        64.0,
        True,
    )


def test_recording_takes_the_place_of_a_serial_number(tmp_path: Path) -> None:
    path = tmp_path / "camera.db3"
    path.touch()
    assert read_realsense_settings("wrist", station(serial=None, file=str(path))).file == str(path)


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ({"exposure": 8000}, "unknown key exposure; valid keys: width, height, serial, exposure_us"),
        ({"serial": 12345678901}, "serial: 12345678901 must be of type str"),
        ({"serial": None}, "serial, of a camera, or file, of a recording, is needed"),
        (
            {"serial": None, "file": "/nowhere/camera.db3"},
            "file is /nowhere/camera.db3, must be the absolute path of a .db3",
        ),
        ({"serial": None, "file": "setup.py"}, "file is setup.py, must be the absolute path of a .db3"),
        ({"exposure_us": 8000.0}, "exposure_us and gain are given together"),
        ({"exposure_us": 40000.0, "gain": 1.0}, "exposure_us is 40000, must be below a frame's period, 33333 us"),
        ({"exposure_us": -1.0, "gain": 1.0}, "exposure_us is -1.0, must be above 0"),
        ({"power_line_hz": 55}, r"power_line_hz is 55, must be one of \(50, 60\)"),
        ({"depth_width": 640}, "depth_width and depth_height are given together"),
        ({"emitter": True}, "are for depth: true"),
    ],
)
def test_wrong_setting_is_told(device: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=f"camera wrist: device: .*{told}|camera wrist: device: {told}"):
        read_realsense_settings("wrist", station(**device))


def test_rate_is_one_that_librealsense_can_be_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"camera wrist: rate_hz is 29\.97, must be a whole number"):
        read_realsense_settings("wrist", station(rate_hz=29.97))
