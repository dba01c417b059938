"""Options on a sensor of the real librealsense: set, read back, and an error that tells why where one is not taken."""

from typing import Any

import pyrealsense2 as rs
import pytest
from recorded_realsense import option_range

from ros_wam.cameras.realsense_options import Option, colour_options, depth_options, set_option
from ros_wam.cameras.realsense_settings import RealSenseSettings
from ros_wam.errors import CameraError

pytestmark = pytest.mark.vendor

IDS = rs.option.__members__


@pytest.fixture
def device() -> Any:
    return rs.software_device()


@pytest.fixture
def sensor(device: Any) -> Any:
    sensor = device.add_sensor("RGB Camera")
    sensor.add_option(rs.option.exposure, option_range(1, 10000, 156), True)
    sensor.add_option(rs.option.enable_auto_exposure, option_range(0, 1, 1), True)
    return sensor


def test_option_is_set_and_read_back_in_our_unit(sensor: Any) -> None:
    assert set_option("wrist", sensor, Option("exposure", 80.0, 100.0), IDS) == 8000.0
    assert sensor.get_option(rs.option.exposure) == 80.0


def test_value_out_of_range_is_told_with_the_range(sensor: Any) -> None:
    told = r"exposure is 15600 after 2e\+06 was asked for \(.*range.*\); it takes 100 to 1e\+06 in steps of 100"
    with pytest.raises(CameraError, match=told):
        set_option("wrist", sensor, Option("exposure", 20000.0, 100.0), IDS)


class Deaf:
    """A sensor that takes every value and keeps its own."""

    def __init__(self, sensor: Any) -> None:
        self._sensor = sensor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sensor, name)

    def set_option(self, option: Any, value: float) -> None:
        pass


def test_camera_that_silently_keeps_another_value_is_found_out(sensor: Any) -> None:
    with pytest.raises(CameraError, match="exposure is 156 after 200 was asked for; it takes 1 to 10000 in steps of 1"):
        set_option("wrist", Deaf(sensor), Option("exposure", 200.0), IDS)


def test_option_that_the_camera_lacks(sensor: Any) -> None:
    with pytest.raises(CameraError, match="camera wrist: gain is to be 64, but this camera has no such option"):
        set_option("wrist", sensor, Option("gain", 64.0), IDS)
    assert set_option("wrist", sensor, Option("enable_auto_white_balance", 1.0), IDS) == 1.0


def settings(**device: Any) -> RealSenseSettings:
    return RealSenseSettings(640, 480, "1", **device)


def test_what_is_left_out_the_camera_regulates() -> None:
    assert list(colour_options(settings(), "RGB Camera")) == [
        Option("enable_auto_exposure", 1.0),
        Option("enable_auto_white_balance", 1.0),
    ]
    assert list(depth_options(settings())) == []


def test_automatic_is_off_before_a_value_is_set() -> None:
    wanted = settings(exposure_us=8000.0, gain=64.0, white_balance_k=4600.0, power_line_hz=50, emitter=False)
    assert list(colour_options(wanted, "RGB Camera")) == [
        Option("enable_auto_exposure", 0.0),
        Option("exposure", 80.0, 100.0),
        Option("gain", 64.0),
        Option("enable_auto_white_balance", 0.0),
        Option("white_balance", 4600.0),
        Option("power_line_frequency", 1.0),
    ]
    assert list(depth_options(wanted)) == [Option("emitter_enabled", 0.0)]


def test_stereo_sensor_counts_its_exposure_in_microseconds() -> None:
    assert Option("exposure", 8000.0, 1.0) in colour_options(settings(exposure_us=8000.0, gain=16.0), "Stereo Module")


def test_every_option_is_one_of_the_library() -> None:
    wanted = settings(exposure_us=8000.0, gain=64.0, white_balance_k=4600.0, power_line_hz=60, emitter=True)
    names = {option.name for option in (*colour_options(wanted, "RGB Camera"), *depth_options(wanted))}
    assert names <= IDS.keys()
