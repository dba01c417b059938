"""One robot as its `robots/<name>.yaml` describes it: joints, limits, home, views. Facts of the model only."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ros_wam.config import load
from ros_wam.errors import ConfigError
from ros_wam.specs import in_joint_order
from ros_wam.types import FloatArray


@dataclass(frozen=True)
class Workspace:
    """The box that an arm's tool site must stay in, in the arm's base frame [m]."""

    min_m: tuple[float, float, float]
    max_m: tuple[float, float, float]


@dataclass(frozen=True)
class Arm:
    """A kinematic chain of the robot's MJCF with one gripper at its end."""

    joints: tuple[str, ...]
    gripper: str
    base_frame: str
    tool_site: str
    workspace: Workspace


@dataclass(frozen=True)
class JointLimits:
    """Limits of one joint that no command may exceed."""

    position_rad: tuple[float, float]
    velocity_rad_s: float
    acceleration_rad_s2: float
    jerk_rad_s3: float


@dataclass(frozen=True)
class GripperLimits:
    """Limits of one gripper: speed in full strokes per second, force in newtons, and its stroke."""

    speed_1_s: float
    force_n: float
    stroke_m: float


@dataclass(frozen=True)
class Embodiment:
    """A concrete assembly of arms, grippers and views. Joint arrays are in the order of `joint_names`."""

    name: str
    driver: str
    model: Path
    control_rate_hz: float
    payload_kg: float
    views: tuple[str, ...]
    arms: dict[str, Arm]
    joints: dict[str, JointLimits]
    grippers: dict[str, GripperLimits]
    home: dict[str, float]
    start_distance_rad: float
    tracking_rad: float

    def __post_init__(self) -> None:
        arm_joints = {joint for arm in self.arms.values() for joint in arm.joints}
        if arm_joints != set(self.joints) or {arm.gripper for arm in self.arms.values()} != set(self.grippers):
            raise ConfigError(f"robot {self.name}: arms, joints and grippers do not name the same joints")
        for joint, limits in self.joints.items():
            low, high = limits.position_rad
            numbers = (low, high, limits.velocity_rad_s, limits.acceleration_rad_s2, limits.jerk_rad_s3)
            if not all(map(math.isfinite, numbers)) or low >= high or min(numbers[2:]) <= 0.0:
                raise ConfigError(f"robot {self.name}: limits of {joint} are empty or not finite: {limits}")
        if not (0.0 < self.start_distance_rad < math.inf and 0.0 < self.tracking_rad < math.inf):
            raise ConfigError(
                f"robot {self.name}: start_distance_rad {self.start_distance_rad} and tracking_rad {self.tracking_rad}"
                f" must be finite and greater than 0"
            )
        if ((self.home_position < self.lower) | (self.home_position > self.upper)).any():
            raise ConfigError(f"robot {self.name}: home {self.home} is outside the position limits")

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        """The one ordered list over all arms, grippers included."""
        return tuple(name for arm in self.arms.values() for name in (*arm.joints, arm.gripper))

    @cached_property
    def is_gripper(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """`(n,)` mask of the grippers."""
        return np.array([name in self.grippers for name in self.joint_names])

    @cached_property
    def lower(self) -> FloatArray:
        """`(n,)` lower position limits [rad, grippers 0]."""
        return self._per_joint([limits.position_rad[0] for limits in self.joints.values()], [0.0] * len(self.grippers))

    @cached_property
    def upper(self) -> FloatArray:
        """`(n,)` upper position limits [rad, grippers 1]."""
        return self._per_joint([limits.position_rad[1] for limits in self.joints.values()], [1.0] * len(self.grippers))

    @cached_property
    def velocity(self) -> FloatArray:
        """`(n,)` velocity limits [rad/s, grippers 1/s]."""
        speeds = [limits.speed_1_s for limits in self.grippers.values()]
        return self._per_joint([limits.velocity_rad_s for limits in self.joints.values()], speeds)

    @cached_property
    def acceleration(self) -> FloatArray:
        """`(n,)` acceleration limits [rad/s², grippers unlimited]."""
        return self._per_joint(
            [limits.acceleration_rad_s2 for limits in self.joints.values()], [math.inf] * len(self.grippers)
        )

    @cached_property
    def jerk(self) -> FloatArray:
        """`(n,)` jerk limits [rad/s³, grippers unlimited]."""
        return self._per_joint([limits.jerk_rad_s3 for limits in self.joints.values()], [math.inf] * len(self.grippers))

    @cached_property
    def home_position(self) -> FloatArray:
        """`(n,)` home [rad, grippers 0–1]."""
        return in_joint_order(f"home of {self.name}", tuple(self.home), tuple(self.home.values()), self.joint_names)

    @property
    def period_s(self) -> float:
        """Control period [s]."""
        return 1.0 / self.control_rate_hz

    def _per_joint(self, joints: list[float], grippers: list[float]) -> FloatArray:
        return in_joint_order(self.name, (*self.joints, *self.grippers), (*joints, *grippers), self.joint_names)


def load_embodiment(path: Path) -> Embodiment:
    """Read `robots/<name>.yaml`; raises ConfigError."""
    return load(path, Embodiment)
