"""Cameras: one protocol (`camera.py`), one file per kind of device.

A device file defines `check_settings(view: str, settings: CameraStation) -> None`, which raises ConfigError, and
`make_camera(view: str, settings: CameraStation, run_dir: Path, clock: Clock) -> Camera`, which only constructs; it is
imported when a station names it, so that vendor libraries load only where they are used.
"""

import importlib
from pathlib import Path
from typing import Any, cast

from ros_wam.calibration import CameraStation
from ros_wam.cameras.camera import Camera
from ros_wam.clock import Clock
from ros_wam.errors import ConfigError

CAMERAS = {
    "sim": "ros_wam.cameras.sim",
    "realsense": "ros_wam.cameras.realsense",
    "usb": "ros_wam.cameras.usb",
}


def check_camera(view: str, settings: CameraStation) -> None:
    """Raise ConfigError unless `settings.driver` is one of those there are, its library is here, and it knows every key
    of `settings.device`.
    """
    _module(view, settings).check_settings(view, settings)


def make_camera(view: str, settings: CameraStation, run_dir: Path, clock: Clock) -> Camera:
    """Return the unopened camera that `settings.driver` names; raises ConfigError like `check_camera`."""
    return cast(Camera, _module(view, settings).make_camera(view, settings, run_dir, clock))


def _module(view: str, settings: CameraStation) -> Any:
    if settings.driver not in CAMERAS:
        raise ConfigError(f"camera {view}: no driver {settings.driver!r}; there are: {', '.join(CAMERAS)}")
    try:
        return importlib.import_module(CAMERAS[settings.driver])
    except ImportError as error:
        needed = f"driver {settings.driver} needs {error.name}: pip install '.[{settings.driver}]' in a checkout"
        raise ConfigError(f"camera {view}: {needed}") from error
