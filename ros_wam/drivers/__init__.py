"""Robot drivers: one protocol, one file per vendor library, which is imported only by the process that uses it."""

import functools
import sys
from importlib import import_module, util
from pathlib import Path
from typing import cast

from ros_wam.drivers.driver import DriverModule
from ros_wam.embodiment import is_driver_file
from ros_wam.errors import ConfigError

DRIVERS = {name: f"ros_wam.drivers.{name}" for name in ("ur5", "franka", "arx5", "aloha")}
_OFFERS = ("open_driver", "last_resort_stop")


def driver_module(driver: str) -> DriverModule:
    """Import the driver of an embodiment: one of `DRIVERS`, or the file that `driver` is the path of.

    Raises ConfigError that tells both, or what the file lacks.
    """
    if is_driver_file(driver):
        return _of_file(Path(driver))
    if driver not in DRIVERS:
        raise ConfigError(
            f"driver {driver!r} is not known; known drivers: {', '.join(DRIVERS)}; or a .py file beside the robot's"
        )
    return cast(DriverModule, import_module(DRIVERS[driver]))


@functools.cache
def _of_file(path: Path) -> DriverModule:
    name = f"ros_wam_driver_{path.stem}"
    spec = util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(
            f"driver {path}: no such file; a driver is a .py file beside the robot's, or one of: {', '.join(DRIVERS)}"
        )
    module = util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    missing = [offer for offer in _OFFERS if not callable(getattr(module, offer, None))]
    if missing:
        raise ConfigError(
            f"driver {path}: defines no {', '.join(missing)}; a driver file must offer: {', '.join(_OFFERS)}"
        )
    return cast(DriverModule, module)
