"""What a policy's actions mean: `action` of a profile. `actions/` turns them into joint positions."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.gripper_range import GripperRange
from ros_wam.policy.normalized import Normalized
from ros_wam.policy.pose_columns import rotations
from ros_wam.types import FloatArray

SPACES = ("joint_position", "joint_velocity", "tool_pose")
REFERENCES = ("absolute", "relative", "delta", "initial")
FRAMES = ("base", "tool", "mixed")


@dataclass(frozen=True)
class ToolOffset:
    """The pose of the tool frame that the policy means, in the robot file's tool site."""

    xyz_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rpy_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not np.isfinite([*self.xyz_m, *self.rpy_rad]).all():
            raise ConfigError(f"action: tool is {self.xyz_m} m, {self.rpy_rad} rad, must be finite")

    @cached_property
    def T_site_tool(self) -> FloatArray:
        """`(4, 4)` [m]."""
        transform = np.eye(4)
        transform[:3, :3] = rotations(np.array([self.rpy_rad]), "rpy")[0]
        transform[:3, 3] = self.xyz_m
        return transform


@dataclass(frozen=True)
class ActionSpec:
    """What one row is.

    `reference`: rows are absolute; relative to where the robot was at the observation; a delta, from row to row, which
    is over at the next row's time (velocities are so too); or relative to where the robot was when the episode began
    (initial). Tool poses that are not absolute are translations along, and rotations about, the axes of the `frame`: of
    the base, of the tool that they are relative to, or mixed, translations in the base's and rotations in the tool's.
    Grippers are absolute whatever the reference, and asked for when their row begins. Motions, which are deltas and
    velocities, are slowed where a joint cannot be as fast: the policy sees how far it came; those of joints that are
    ten times too fast are refused, as units mistaken. All else is followed as it is, or refused by admission.

    `horizon`: how many rows an answer has, None where the server decides each time. `degrees`: joints, and the angles
    of rpy and rotvec, are in degrees. `normalized`: actions run from -1 to 1, and the client is to make them physical.
    `tool`: the tool frame that the policy means, in its state too; `bases`: arm → the body of the robot's model in
    whose frame the policy has that arm's poses, where that is not the arm's base frame: two arms may have one each.
    """

    space: str
    horizon: int | None
    reference: str = "absolute"
    frame: str = "base"
    degrees: bool = False
    gripper: GripperRange = field(default_factory=GripperRange)
    normalized: Normalized | None = None
    tool: ToolOffset = field(default_factory=ToolOffset)
    bases: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, choices in (("space", SPACES), ("reference", REFERENCES), ("frame", FRAMES)):
            if getattr(self, key) not in choices:
                raise ConfigError(f"action: {key} is {getattr(self, key)!r}, must be one of {', '.join(choices)}")
        moves = self.space == "tool_pose" and self.reference != "absolute"
        if self.frame != "base" and not moves:
            raise ConfigError(
                f"action: frame is {self.frame!r}, must be left out but for tool poses that are not absolute"
            )
        if self.space == "joint_velocity" and self.reference != "absolute":
            raise ConfigError(f"action: reference is {self.reference!r}, must be left out for joint_velocity")
        if self.horizon is not None and self.horizon < self.fewest_rows:
            raise ConfigError(f"action: horizon is {self.horizon}, must be at least {self.fewest_rows}")

    def check_robot(self, robot: Embodiment) -> None:
        """Raise ConfigError unless the robot has every arm that is named."""
        unknown = [arm for arm in self.bases if arm not in robot.arms]
        if unknown:
            raise ConfigError(f"action: bases names {', '.join(unknown)}, must name arms of {', '.join(robot.arms)}")

    @property
    def begins_at_state(self) -> bool:
        """Whether a chunk begins with a row that is where the robot was: its rows are motions, not places."""
        return self.reference == "delta" or self.space == "joint_velocity"

    @property
    def fewest_rows(self) -> int:
        """How many rows an answer has at least: a chunk is two places or more."""
        return 1 if self.begins_at_state else 2
