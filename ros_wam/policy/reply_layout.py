"""From an answer to actions: `reply` of a profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_wam.errors import ConfigError, PolicyAnswerInvalid, SpecError
from ros_wam.policy import key_path
from ros_wam.policy.columns import labels
from ros_wam.types import FloatArray

AXES = ("TD", "BTD", "D", "BD", "CFH")


@dataclass(frozen=True)
class ActionPart:
    """Some columns of the actions, and the key path of the array that holds them."""

    at: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class ReplyLayout:
    """Where an answer has its actions: the columns of `actions`, side by side.

    `axes` of each array: T rows of D columns, with B = 1 answers before them, or one row alone; CFH, with C columns, F
    frames of H rows. `skip_rows`: so many rows at the beginning are not to be executed; `first_skip_rows`: so many more
    of an episode's first answer. `server_ms_at`: where the answer tells how long the inference took [ms].
    """

    actions: tuple[ActionPart, ...]
    axes: str = "TD"
    skip_rows: int = 0
    first_skip_rows: int = 0
    server_ms_at: str | None = "server_timing > infer_ms"

    def __post_init__(self) -> None:
        if self.axes not in AXES:
            raise ConfigError(f"reply: axes is {self.axes!r}, must be one of {', '.join(AXES)}")
        for key in ("skip_rows", "first_skip_rows"):
            if getattr(self, key) < 0:
                raise ConfigError(f"reply: {key} is {getattr(self, key)}, must be 0 or more")
        if not self.actions:
            raise ConfigError("reply: actions is empty, must name the arrays that hold them")

    @property
    def columns(self) -> tuple[str, ...]:
        """The words of all columns, see `columns.py`."""
        return tuple(word for part in self.actions for word in part.columns)

    def read_actions(self, answer: Any, first: bool = False) -> FloatArray:
        """Return the `(T, D)` actions as the server gave them, D as `columns` say or not; they may hold NaN.

        `first`: it is an episode's first answer.

        Raises PolicyAnswerInvalid that names what there is.
        """
        arrays = [self._rows(answer, part) for part in self.actions]
        if len({len(array) for array in arrays}) != 1:
            told = ", ".join(f"{part.at!r} {len(array)}" for part, array in zip(self.actions, arrays, strict=True))
            raise PolicyAnswerInvalid(f"arrays of the answer differ in their numbers of rows: {told}")
        actions = np.concatenate(arrays, axis=1) if len(arrays) > 1 else arrays[0]
        actions = actions[self.skip_rows + (self.first_skip_rows if first else 0) :]
        actions.setflags(write=False)
        return actions

    def server_ms(self, answer: Any) -> float | None:
        """Return how long the server says the inference took, None if it does not say [ms]."""
        if self.server_ms_at is None:
            return None
        try:
            value = key_path.find(answer, self.server_ms_at)
        except SpecError:
            return None
        try:
            return float(value) if isinstance(value, (int, float)) else None
        except OverflowError:  # whole numbers may be of any size
            return None

    def _rows(self, answer: Any, part: ActionPart) -> FloatArray:
        try:
            value = key_path.find(answer, part.at)
        except SpecError as error:
            raise PolicyAnswerInvalid(f"answer has {error}") from error
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, (Sequence, np.ndarray)):
            raise PolicyAnswerInvalid(f"{part.at!r} of the answer is a {type(value).__name__}, not an array")
        try:
            with np.errstate(invalid="ignore"):  # a signalling NaN is NaN, which admission refuses
                array = np.array(value, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:  # whole numbers may be of any size
            raise PolicyAnswerInvalid(f"{part.at!r} of the answer is not an array of numbers") from error
        return _as_rows(array, self.axes, part)


def _as_rows(array: FloatArray, axes: str, part: ActionPart) -> FloatArray:
    columns = sum(len(labels(word)) for word in part.columns)
    if "D" in axes and array.ndim == len(axes) - 1 and columns == 1:
        array = array[..., None]  # one column, written as none
    if array.ndim != len(axes):
        raise PolicyAnswerInvalid(f"{part.at!r} of the answer has shape {array.shape}, must have axes {axes}")
    if axes == "CFH":
        return array.reshape(len(array), -1).T
    if axes.startswith("B"):
        if len(array) != 1:
            raise PolicyAnswerInvalid(f"{part.at!r} of the answer holds {len(array)} answers, must be 1")
        array = array[0]
    return array if "T" in axes else array[None]
