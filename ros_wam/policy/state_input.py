"""Joint positions and tool poses as a server wants them: `request: state` of a profile."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.columns import is_pose, labels
from ros_wam.policy.gripper_range import GripperRange
from ros_wam.policy.normalized import Normalized, normalized
from ros_wam.policy.pose_columns import ANGLES, pose_part
from ros_wam.types import FloatArray, Observation

DTYPES = ("float32", "float64")
AXES = ("D", "BD", "TD", "BTD", "list", "number")

ToolPose = Callable[[FloatArray, str], FloatArray]
"""`(n,)` joint positions and the name of an arm to T_base_tool, `(4, 4)` [m], of the tool that the policy means."""


@dataclass(frozen=True)
class StateInput:
    """One array of the state: `columns`, see `columns.py`, sent to the key path `at`; unused columns are 0.

    `axes`: D columns, with axes of length 1 before them, such as BTD; `list` sends a list of numbers, `number` the only
    column as a number. `degrees`: joints, and the angles of rpy and rotvec, are in degrees. `scale`: what each column
    is multiplied by, such as -1 for a gripper's second finger, 1 for all if empty. `normalized`: it is sent between -1
    and 1, for servers that leave this to their client.
    """

    at: str
    columns: tuple[str, ...]
    dtype: str = "float64"
    axes: str = "D"
    degrees: bool = False
    scale: tuple[float, ...] = ()
    normalized: Normalized | None = None

    def __post_init__(self) -> None:
        for key, choices in (("dtype", DTYPES), ("axes", AXES)):
            if getattr(self, key) not in choices:
                told = f"{key} is {getattr(self, key)!r}, must be one of {', '.join(choices)}"
                raise ConfigError(f"request: state: {self.at}: {told}")

    def check_scale(self) -> None:
        """Raise ConfigError unless `scale` is empty or has every column, for words that are spelled out."""
        if self.scale and len(self.scale) != self.width:
            told = f"scale has {len(self.scale)} numbers, must have {self.width}, one a column, or none"
            raise ConfigError(f"request: state: {self.at}: {told}")

    def check_numbers(self) -> None:
        """Raise ConfigError where the numbers of a normalisation cannot be read, or are not those of the columns."""
        if self.normalized is not None:
            _bounds(self.normalized, self.width)

    @property
    def width(self) -> int:
        """How many columns it has, for words that are spelled out."""
        return sum(len(labels(word)) for word in self.columns)


def state_vector(
    state: StateInput, gripper: GripperRange, robot: Embodiment, observation: Observation, tool_pose: ToolPose
) -> NDArray[np.floating] | list[float] | float:
    """Return what to send for `state`."""
    position = observation.joint_state.position
    words = [_columns(word, state.degrees, gripper, robot, position, tool_pose) for word in state.columns]
    vector = np.concatenate(words) * (state.scale or 1.0)
    if state.normalized is not None:
        vector = normalized(vector, _bounds(state.normalized, state.width))
    if state.axes == "list":
        return [float(value) for value in vector]
    if state.axes == "number":
        return float(vector.item())
    return vector.astype(state.dtype).reshape((1,) * (len(state.axes) - 1) + vector.shape)


@functools.lru_cache(maxsize=8)
def _bounds(numbers: Normalized, columns: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    try:
        return numbers.bounds(columns)
    except ConfigError as error:
        raise ConfigError(f"request: state: {error}") from error


def joint_rows(
    positions: FloatArray, layout: Sequence[str], robot: Embodiment, gripper: GripperRange | None = None
) -> FloatArray:
    """Return `positions` `(T, n)` with the joints of `layout` as columns, unused ones 0, grippers as the server's."""
    values = _as_server(positions, robot, gripper or GripperRange())
    names = robot.joint_names
    nothing = np.zeros(len(positions))
    columns = [label for word in layout for label in labels(word)]
    return np.stack([values[:, names.index(name)] if name in names else nothing for name in columns], axis=1)


def _columns(
    word: str, degrees: bool, gripper: GripperRange, robot: Embodiment, position: FloatArray, tool_pose: ToolPose
) -> FloatArray:
    if is_pose(word):
        arm, _, part = word.partition(".")
        columns = pose_part(tool_pose(position, arm), part)
        return np.asarray(np.degrees(columns)) if degrees and part in ANGLES else columns
    columns = joint_rows(position[None], (word,), robot, gripper)[0]
    return np.asarray(np.degrees(columns)) if degrees and word in robot.joints else columns


def _as_server(positions: FloatArray, robot: Embodiment, gripper: GripperRange) -> FloatArray:
    values = np.array(positions)
    values[..., robot.is_gripper] = gripper.to_server(values[..., robot.is_gripper])
    return values
