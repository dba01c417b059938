"""Cameras: one protocol (`camera.py`), one file per kind of device.

A device file defines `make_camera(view: str, settings: CameraStation, run_dir: Path, clock: Clock) -> Camera`, which
only constructs; it is imported when a station names it, so that vendor libraries load only where they are used.
"""

import importlib
from pathlib import Path
from typing import cast

from ros_wam.calibration import CameraStation
from ros_wam.cameras.camera import Camera
from ros_wam.clock import Clock
from ros_wam.errors import ConfigError

CAMERAS = {"sim": "ros_wam.cameras.sim"}
"""None of a real camera yet."""


def check_camera(view: str, settings: CameraStation) -> None:
    """Raise ConfigError that lists the drivers there are unless `settings.driver` is one of them."""
    if settings.driver not in CAMERAS:
        raise ConfigError(f"camera {view}: no driver {settings.driver!r}; there are: {', '.join(CAMERAS)}")


def make_camera(view: str, settings: CameraStation, run_dir: Path, clock: Clock) -> Camera:
    """Return the unopened camera that `settings.driver` names; raises ConfigError like `check_camera`."""
    check_camera(view, settings)
    module = importlib.import_module(CAMERAS[settings.driver])
    return cast(Camera, module.make_camera(view, settings, run_dir, clock))
