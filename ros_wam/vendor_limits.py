"""What a robot's maker allows at most, each number with its source (`config/vendor_limits.yaml`), against a robot file.

An entry holds for every arm of a robot; None where the maker publishes nothing.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ros_wam.config import load
from ros_wam.embodiment import Arm, Embodiment, JointLimits
from ros_wam.errors import ConfigError
from ros_wam.share import share_dir

FILE = Path("config") / "vendor_limits.yaml"
ROUNDING = 1e-4
"""Robot files are written to four decimals."""


@dataclass(frozen=True)
class Ranges:
    """A lower and an upper limit for each joint of an arm."""

    values: tuple[tuple[float, float], ...]
    source: str


@dataclass(frozen=True)
class Numbers:
    """A limit for each joint of an arm."""

    values: tuple[float, ...]
    source: str


@dataclass(frozen=True)
class Number:
    """One limit."""

    value: float
    source: str


@dataclass(frozen=True)
class VelocityNearEnds:
    """A velocity limit that falls towards `ends_rad`: -offset + sqrt(2 deceleration distance) [rad/s], per joint."""

    offset_rad_s: tuple[float, ...]
    deceleration_rad_s2: tuple[float, ...]
    ends_rad: tuple[tuple[float, float], ...]
    source: str

    def at(self, k: int, distance_rad: float) -> float:
        """Return the limit of joint `k` at that distance from its end [rad/s]."""
        return math.sqrt(max(2.0 * self.deceleration_rad_s2[k] * distance_rad, 0.0)) - self.offset_rad_s[k]


@dataclass(frozen=True)
class VendorLimits:
    """The limits of one robot."""

    position_rad: Ranges
    velocity_rad_s: Numbers
    velocity_near_ends: VelocityNearEnds | None
    acceleration_rad_s2: Numbers | None
    jerk_rad_s3: Numbers | None
    gripper_speed_m_s: Number
    gripper_force_n: Number
    gripper_stroke_m: Number
    payload_kg: Number | None
    control_rate_hz: Number


@dataclass(frozen=True)
class _Known:
    """The file: entries by the name of the robot."""

    robots: dict[str, VendorLimits]


def load_vendor_limits(robot: Path, name: str) -> VendorLimits:
    """Return the maker's limits of the robot `name`, whose file is `robot`.

    They are in `config/` beside the robot file's folder if that has such a file, else among the package's own. Raises
    ConfigError naming the robots that have an entry.
    """
    own = robot.parents[1] / FILE
    path = own if own.is_file() else share_dir() / FILE
    known = load(path, _Known).robots
    if name not in known:
        raise ConfigError(f"{path} tells no vendor's limits of {name!r}; there are: {', '.join(known)}")
    return known[name]


def wider_limits(embodiment: Embodiment, vendor: VendorLimits) -> list[str]:
    """Return each limit of the robot file that is wider than the maker's, in words; raises ConfigError.

    Limits that the maker does not publish are not compared.
    """
    wider = [told for arm in embodiment.arms.values() for told in _arm(embodiment, vendor, arm)]
    if vendor.payload_kg is not None:
        wider += _above("payload_kg", embodiment.payload_kg, vendor.payload_kg.value, vendor.payload_kg.source)
    rate = vendor.control_rate_hz
    return [*wider, *_above("control_rate_hz", embodiment.control_rate_hz, rate.value, rate.source)]


def _arm(embodiment: Embodiment, vendor: VendorLimits, arm: Arm) -> Iterator[str]:
    for name, values in _lists(vendor):
        if len(values) != len(arm.joints):
            raise ConfigError(
                f"vendor's limits of {embodiment.name}: {name} is of {len(values)} joints, an arm has {len(arm.joints)}"
            )
    for k, joint in enumerate(arm.joints):
        yield from _joint(joint, k, embodiment.joints[joint], vendor)
    name, gripper = arm.gripper, embodiment.grippers[arm.gripper]
    for key, given, limit in (
        ("speed", gripper.speed_1_s * gripper.stroke_m, vendor.gripper_speed_m_s),
        ("force_n", gripper.force_n, vendor.gripper_force_n),
        ("stroke_m", gripper.stroke_m, vendor.gripper_stroke_m),
    ):
        yield from _above(f"{name} {key}", given, limit.value, limit.source)


def _lists(vendor: VendorLimits) -> Iterator[tuple[str, Sequence[object]]]:
    """Yield what is told per joint, and its name in the file."""
    for key in ("position_rad", "velocity_rad_s", "acceleration_rad_s2", "jerk_rad_s3"):
        limit: Ranges | Numbers | None = getattr(vendor, key)
        if limit is not None:
            yield key, limit.values
    near = vendor.velocity_near_ends
    if near is not None:
        for key in ("offset_rad_s", "deceleration_rad_s2", "ends_rad"):
            yield f"velocity_near_ends.{key}", getattr(near, key)


def _joint(name: str, k: int, given: JointLimits, vendor: VendorLimits) -> Iterator[str]:
    (low, high), position = vendor.position_rad.values[k], vendor.position_rad
    yield from _above(f"{name} lower position_rad", -given.position_rad[0], -low, position.source, sign=-1.0)
    yield from _above(f"{name} upper position_rad", given.position_rad[1], high, position.source)
    for key in ("velocity_rad_s", "acceleration_rad_s2", "jerk_rad_s3"):
        limit: Numbers | None = getattr(vendor, key)
        if limit is not None:
            yield from _above(f"{name} {key}", getattr(given, key), limit.values[k], limit.source)
    near = vendor.velocity_near_ends
    if near is not None:
        low, high = near.ends_rad[k]
        nearest = float(np.minimum(given.position_rad[0] - low, high - given.position_rad[1]))  # of NaN, NaN
        what = f"{name} velocity_rad_s at the nearer end of its range"
        yield from _above(what, given.velocity_rad_s, near.at(k, nearest), near.source)


def _above(what: str, given: float, limit: float, source: str, sign: float = 1.0) -> Iterator[str]:
    if not given <= limit + ROUNDING:  # a limit that is no number allows nothing
        yield f"{what} {sign * given:g} is wider than the vendor's {sign * limit:g} ({source})"
