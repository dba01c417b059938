"""One lab's copy of a robot: addresses, latencies, fixtures (`station.yaml`); where each camera is (`<view>.yaml`)."""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.config import load
from ros_wam.errors import ConfigError
from ros_wam.types import FloatArray

DISTORTIONS = (0, 4, 5, 8, 12, 14)  # how many coefficients OpenCV's models have


@dataclass(frozen=True)
class CameraStation:
    """What serves a view. `latency_s`, from exposure to the device's stamp, is subtracted from the stamp.

    `device` holds the driver's own settings (serial number, exposure, …), checked by the driver; `depth`: it measures
    depth as well, aligned to its pictures.
    """

    driver: str
    latency_s: float
    rate_hz: float
    device: dict[str, Any] = field(default_factory=dict)
    depth: bool = False

    def __post_init__(self) -> None:
        _require(0.0 <= self.latency_s <= 1.0, "latency_s", self.latency_s, "0 to 1 s")
        _require(1.0 <= self.rate_hz <= 1000.0, "rate_hz", self.rate_hz, "1 to 1000 Hz")


@dataclass(frozen=True)
class Fixture:
    """A box that stays where it is and that the robot must not touch, in the world frame of the robot's MJCF [m]."""

    min_m: tuple[float, float, float]
    max_m: tuple[float, float, float]

    def __post_init__(self) -> None:
        for axis, low, high in zip("xyz", self.min_m, self.max_m, strict=True):
            _require(-np.inf < low < np.inf, f"min_m of {axis}", low, "finite")
            _require(low < high < np.inf, f"max_m of {axis}", high, f"finite and above min_m, {low} m")


@dataclass(frozen=True)
class SafetySettings:
    """How much less than the robot file allows: a share of the arm joints' speed, and margins within its limits.

    Towards a limit that is nearer than its margin the robot moves slowly.
    """

    speed_override: float
    joint_margin_rad: float
    workspace_margin_m: float

    def __post_init__(self) -> None:
        _require(0.0 < self.speed_override <= 1.0, "speed_override", self.speed_override, "above 0 and at most 1")
        _require(0.0 <= self.joint_margin_rad < np.inf, "joint_margin_rad", self.joint_margin_rad, "0 rad or more")
        _require(0.0 <= self.workspace_margin_m < np.inf, "workspace_margin_m", self.workspace_margin_m, "0 m or more")


@dataclass(frozen=True)
class Station:
    """Facts of one lab: `robot` holds the driver's own settings (addresses, endpoints), checked by the driver.

    `leaders` are the devices that can teleoperate it, by name, with the settings that their own files check,
    `pedal` those of a foot pedal or another USB keyboard whose keys are an operator's too.
    """

    robot: dict[str, Any]
    cameras: dict[str, CameraStation]
    safety: SafetySettings
    fixtures: dict[str, Fixture]
    leaders: dict[str, dict[str, Any]] = field(default_factory=dict)
    pedal: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ViewCalibration:
    """A pinhole camera: image size [px], intrinsics [px], and its pose in `frame` (a base frame or a tool site).

    The camera looks along +z, x right, y down (OpenCV). `position_m` and `quat_xyzw` are T_frame_camera. `calibrated`:
    the day on which that was found; a simulated camera needs none.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...]
    frame: str
    position_m: tuple[float, float, float]
    quat_xyzw: tuple[float, float, float, float]
    calibrated: date | None = None

    def __post_init__(self) -> None:
        for name in ("width", "height", "fx", "fy"):
            value = getattr(self, name)
            _require(0 < value < np.inf, name, value, "above 0 px")
        for name in ("cx", "cy", "distortion", "position_m"):
            value = getattr(self, name)
            _require(bool(np.isfinite(value).all()), name, value, "finite")
        count = len(self.distortion)
        _require(count in DISTORTIONS, "distortion", self.distortion, f"of one of the lengths {DISTORTIONS}")
        norm = np.linalg.norm(self.quat_xyzw)
        _require(bool(abs(norm - 1.0) <= 1e-3), "quat_xyzw", self.quat_xyzw, f"of norm 1, has {norm:g}")

    @cached_property
    def camera_matrix(self) -> FloatArray:
        """`(3, 3)` intrinsic matrix [px]."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @cached_property
    def T_frame_camera(self) -> FloatArray:
        """`(4, 4)`: p_frame = T_frame_camera @ p_camera [m]."""
        x, y, z, w = np.array(self.quat_xyzw) / np.linalg.norm(self.quat_xyzw)
        transform = np.eye(4)
        transform[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
        transform[:3, 3] = self.position_m
        return transform


def _require(holds: bool, name: str, value: object, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"{name} is {value!r}, must be {wanted}")


def load_station(folder: Path) -> Station:
    """Read `station.yaml` of a calibration folder; raises ConfigError.

    A leader's `driver` that ends in .py is a file of that folder; its path is then absolute.
    """
    station = load(folder / "station.yaml", Station)
    leaders = {name: _beside(folder, leader) for name, leader in station.leaders.items()}
    return replace(station, leaders=leaders)


def _beside(folder: Path, leader: dict[str, Any]) -> dict[str, Any]:
    driver = leader.get("driver")
    if not isinstance(driver, str) or not driver.endswith(".py"):
        return leader
    return leader | {"driver": str((folder / driver).resolve())}


def load_view(folder: Path, view: str) -> ViewCalibration:
    """Read `<view>.yaml` of a calibration folder; raises ConfigError."""
    return load(folder / f"{view}.yaml", ViewCalibration)
