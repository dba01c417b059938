"""One robot as its `robots/<name>.yaml` describes it: joints, limits, home, views. Facts of the model only."""

import math
from dataclasses import dataclass, replace
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
    """A kinematic chain of the robot's MJCF with one gripper at its end.

    `tool_force_n`: the largest force that the tool may meet [N]; None where the robot reports none.
    """

    joints: tuple[str, ...]
    gripper: str
    base_frame: str
    tool_site: str
    workspace: Workspace
    tool_force_n: float | None


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
        arm_joints = [joint for arm in self.arms.values() for joint in arm.joints]
        arm_grippers = [arm.gripper for arm in self.arms.values()]
        self._require(
            sorted(arm_joints) == sorted(self.joints) and sorted(arm_grippers) == sorted(self.grippers),
            "arms, joints and grippers do not name the same joints",
        )
        self._require(
            set(self.home) == set(self.joint_names),
            f"home names {', '.join(self.home)}; must name {', '.join(self.joint_names)}",
        )
        self._require_limits()
        self._require(
            bool(((self.lower <= self.home_position) & (self.home_position <= self.upper)).all()),
            f"home {self.home} is outside the position limits",
        )

    def _require_limits(self) -> None:
        """Raise ConfigError unless every limit is a number that limits: comparisons with NaN would switch rules off."""
        for joint, limits in self.joints.items():
            low, high = limits.position_rad
            numbers = (low, high, limits.velocity_rad_s, limits.acceleration_rad_s2, limits.jerk_rad_s3)
            holds = all(map(math.isfinite, numbers)) and low < high and min(numbers[2:]) > 0.0
            self._require(holds, f"limits of {joint} are empty or not finite: {limits}")
        for name, arm in self.arms.items():
            low_m, high_m = arm.workspace.min_m, arm.workspace.max_m
            holds = all(-math.inf < low < high < math.inf for low, high in zip(low_m, high_m, strict=True))
            self._require(holds, f"workspace of {name} is empty or not finite: {arm.workspace}")
        positive = {
            f"{name}: {key}": value for name, grip in self.grippers.items() for key, value in vars(grip).items()
        }
        for name, arm in self.arms.items():
            if arm.tool_force_n is not None:
                positive[f"{name}: tool_force_n"] = arm.tool_force_n
        for key in ("control_rate_hz", "start_distance_rad", "tracking_rad"):
            positive[key] = getattr(self, key)
        for key, value in positive.items():
            self._require(0.0 < value < math.inf, f"{key} {value} must be finite and greater than 0")
        self._require(0.0 <= self.payload_kg < math.inf, f"payload_kg {self.payload_kg} must be finite and at least 0")

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise ConfigError(f"robot {self.name}: {otherwise}")

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

    def at_speed(self, share: float) -> "Embodiment":
        """Return this robot with `share` of its arm joints' velocity limits."""
        joints = {
            name: replace(limits, velocity_rad_s=share * limits.velocity_rad_s) for name, limits in self.joints.items()
        }
        return replace(self, joints=joints)

    @property
    def period_s(self) -> float:
        """Control period [s]."""
        return 1.0 / self.control_rate_hz

    def _per_joint(self, joints: list[float], grippers: list[float]) -> FloatArray:
        return in_joint_order(self.name, (*self.joints, *self.grippers), (*joints, *grippers), self.joint_names)


def is_driver_file(driver: str) -> bool:
    """Return whether a robot file's `driver` is a file beside it rather than one that comes with the package."""
    return driver.endswith(".py")


def load_embodiment(path: Path) -> Embodiment:
    """Read `robots/<name>.yaml`; raises ConfigError.

    A `driver` that ends in .py is a file, its path relative to the robot file's; `Embodiment.driver` is then absolute.
    """
    robot = load(path, Embodiment)
    if not robot.model.is_file():
        raise ConfigError(f"{path}: model: no such file: {robot.model}")
    if not is_driver_file(robot.driver):
        return robot
    driver = (path.parent / robot.driver).resolve()
    if not driver.is_file():
        raise ConfigError(f"{path}: driver: no such file: {driver}")
    return replace(robot, driver=str(driver))
