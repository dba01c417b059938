"""Where the package's data files are: robots/, calib/, config/ and launch/."""

import os
import sys
from pathlib import Path

from ros_wam.errors import ConfigError


def share_dir() -> Path:
    """Return the folder with robots/, calib/ and config/: the checkout, or `share/ros_wam` of the installation.

    An installation is found through AMENT_PREFIX_PATH (colcon, apt) and then beside the interpreter (pip).
    """
    checkout = import_dir()
    prefixes = [p for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p] + [sys.prefix]
    for folder in [checkout, *(Path(prefix) / "share" / "ros_wam" for prefix in prefixes)]:
        if (folder / "robots").is_dir() and (folder / "config").is_dir():
            return folder
    raise ConfigError(f"the data files of ros_wam are not installed: no share/ros_wam in {', '.join(prefixes)}")


def calibration_dir(robot: Path, sim: bool) -> Path:
    """Return the calibration folder beside the robot file's own: this lab's, or the simulated station's."""
    return robot.parents[1] / "calib" / robot.stem / ("sim" if sim else "")


def import_dir() -> Path:
    """Return the folder that this package is imported from: where `python -m` finds the same one, and no other."""
    return Path(__file__).resolve().parents[1]


def find(kind: str, name: str) -> Path:
    """Return the YAML file `name` of `kind` (`robots`, `config/policies`, `config/tasks`); `name` may also be a path.

    Raises ConfigError that lists the names there are.
    """
    if name.endswith(".yaml"):
        path = Path(name).resolve()
        if path.is_file():
            return path
        raise ConfigError(f"no such file: {path}")
    folder = share_dir() / kind
    path = folder / f"{name}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise ConfigError(f"no {name!r} in {kind}; there are: {names}")
    return path
