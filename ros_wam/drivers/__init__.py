"""Robot drivers: one protocol, one file per vendor library, which is imported only by the process that uses it."""

from importlib import import_module
from typing import cast

from ros_wam.drivers.driver import DriverModule
from ros_wam.errors import ConfigError

DRIVERS = {name: f"ros_wam.drivers.{name}" for name in ("ur5", "franka", "arx5", "aloha")}


def driver_module(name: str) -> DriverModule:
    """Import the driver that a robot file names; raises ConfigError naming the valid ones."""
    if name not in DRIVERS:
        raise ConfigError(f"driver {name!r} is not known; known drivers: {', '.join(DRIVERS)}")
    return cast(DriverModule, import_module(DRIVERS[name]))
