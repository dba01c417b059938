"""Which devices a station has, and how a lab adds one in one file."""

from pathlib import Path

import pytest
from motion_fixtures import robot, site

from ros_wam.calibration import Station, load_station
from ros_wam.clock import FakeClock
from ros_wam.errors import ConfigError
from ros_wam.teleop import check_device, device_names, make_device

SPACEMOUSE = """
from dataclasses import dataclass

import numpy as np

from ros_wam.config import build
from ros_wam.teleop.device import Jog, Reading


@dataclass(frozen=True)
class Settings:
    full_speed_m_s: float


class SpaceMouse:
    def __init__(self, settings, clock):
        self.settings, self.clock = settings, clock

    def open(self): ...

    def read(self):
        twist = np.array([self.settings.full_speed_m_s, 0, 0, 0, 0, 0])
        return Reading(self.clock.now_ns(), jogs={"arm": Jog(twist)}, held=True)

    def close(self): ...


def make_device(name, settings, embodiment, run_dir, clock):
    return SpaceMouse(build(dict(settings), Settings, f"leader {name}"), clock)
"""


def station_with(folder: Path, leaders: str) -> Station:
    page = "robot: {}\ncameras: {}\nfixtures: {}\n"
    safety = "safety: {speed_override: 1.0, joint_margin_rad: 0.1, workspace_margin_m: 0.01}\n"
    (folder / "station.yaml").write_text(page + safety + f"leaders: {leaders}\n")
    return load_station(folder)


def test_a_lab_adds_a_device_as_one_file_beside_its_station(tmp_path: Path) -> None:
    (tmp_path / "spacemouse.py").write_text(SPACEMOUSE)
    station = station_with(tmp_path, "{mouse: {driver: spacemouse.py, full_speed_m_s: 0.2}}")
    device = make_device("mouse", station, robot(), tmp_path, FakeClock(7))
    device.open()
    reading = device.read()
    device.close()
    assert reading.stamp_ns == 7
    assert reading.jogs["arm"].twist is not None
    assert reading.jogs["arm"].twist[0] == 0.2
    with pytest.raises(ConfigError, match="leader mouse: missing key full_speed_m_s"):
        make_device("mouse", station_with(tmp_path, "{mouse: {driver: spacemouse.py}}"), robot(), tmp_path, FakeClock())


def test_every_station_has_a_keyboard_and_says_what_else() -> None:
    check_device("keyboard", site())
    assert device_names(site()) == ("keyboard",)
    with pytest.raises(ConfigError, match=r"no device 'aloha'; this station has: keyboard; or a \.py file"):
        check_device("aloha", site())


def test_what_is_wrong_with_a_driver_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leader odd: missing key driver"):
        check_device("odd", station_with(tmp_path, "{odd: {port: x}}"))
    with pytest.raises(ConfigError, match="leader odd: no driver 'mouse'; there are: dynamixel, keyboard"):
        check_device("odd", station_with(tmp_path, "{odd: {driver: mouse}}"))
    with pytest.raises(ConfigError, match="no such file"):
        check_device(str(tmp_path / "none.py"), site())
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(ConfigError, match="defines no make_device"):
        check_device("odd", station_with(tmp_path, "{odd: {driver: empty.py}}"))
