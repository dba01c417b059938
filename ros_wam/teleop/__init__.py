"""Teleoperation: devices behind one protocol (`device.py`), and what makes commands of what they say (`session.py`).

A device is one file. It defines `make_device(name: str, settings: Mapping[str, Any], embodiment: Embodiment, run_dir:
Path, clock: Clock) -> Device`, which checks its settings (ConfigError) and only constructs; what it imports is loaded
only where it is used. A SpaceMouse needs no more than that: its `read` returns `Reading(stamp_ns, jogs={arm:
Jog(twist)}, held=…)`, and a station names the file as a leader's `driver: spacemouse.py`, beside its own, or the
command line as `--device spacemouse.py`. Alignment, limits, workspace, collisions and hold-to-run are not its part.
"""

import functools
import importlib
import sys
from collections.abc import Mapping
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from ros_wam.calibration import Station
from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.teleop.device import Device

DEVICES = {"dynamixel": "ros_wam.teleop.dynamixel_leader", "keyboard": "ros_wam.teleop.keyboard"}
"""What a leader's `driver:` may be, beside a file."""
WITHOUT_SETTINGS = ("keyboard",)
"""Those that every station has."""


def device_names(station: Station) -> tuple[str, ...]:
    """Return the devices that a station has."""
    return (*station.leaders, *(name for name in WITHOUT_SETTINGS if name not in station.leaders))


def located(name: str) -> str:
    """Return the name of a device as every process understands it: a file's, wherever it was given, is absolute."""
    return str(Path(name).resolve()) if _is_file(name) else name


def check_device(name: str, station: Station) -> None:
    """Raise ConfigError unless `name` is a device of the station, or a file, and its driver is one."""
    driver, _ = _driver(name, station)
    if _is_file(driver):
        _of_file(Path(driver))
    elif driver not in DEVICES:
        raise ConfigError(
            f"leader {name}: no driver {driver!r}; there are: {', '.join(DEVICES)}; or a .py file beside station.yaml"
        )


def make_device(name: str, station: Station, embodiment: Embodiment, run_dir: Path, clock: Clock) -> Device:
    """Return the unopened device `name`; raises ConfigError like `check_device`, or for what its settings lack."""
    check_device(name, station)
    driver, settings = _driver(name, station)
    module = _of_file(Path(driver)) if _is_file(driver) else importlib.import_module(DEVICES[driver])
    return cast(Device, module.make_device(name, settings, embodiment, run_dir, clock))


def _driver(name: str, station: Station) -> tuple[str, Mapping[str, Any]]:
    """Return what drives the device, and its settings."""
    if name in station.leaders:
        settings = dict(station.leaders[name])
        if "driver" not in settings:
            raise ConfigError(f"leader {name}: missing key driver; there are: {', '.join(DEVICES)}; or a .py file")
        return str(settings.pop("driver")), settings
    if name in WITHOUT_SETTINGS or _is_file(name):
        return name, {}
    raise ConfigError(
        f"no device {name!r}; this station has: {', '.join(device_names(station))}; or a .py file that drives one"
    )


def _is_file(driver: str) -> bool:
    return driver.endswith(".py")


@functools.cache
def _of_file(path: Path) -> ModuleType:
    name = f"ros_wam_device_{path.stem}"
    spec = util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(f"device {path}: no such file; a device is a .py file, or one of: {', '.join(DEVICES)}")
    module = util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    if not callable(getattr(module, "make_device", None)):
        raise ConfigError(f"device {path}: defines no make_device; a device file must offer it")
    return module
