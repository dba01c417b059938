"""What a server takes and gives for a gripper, against ours: 0 closed, 1 open."""

import math
from dataclasses import dataclass

import numpy as np

from ros_wam.errors import ConfigError
from ros_wam.types import FloatArray


@dataclass(frozen=True)
class GripperRange:
    """The server's numbers for a closed and an open gripper; `threshold`, in its numbers, makes it one or the other."""

    closed: float = 0.0
    open: float = 1.0
    threshold: float | None = None

    def __post_init__(self) -> None:
        for key in ("closed", "open", "threshold"):
            if not math.isfinite(getattr(self, key) or 0.0):
                raise ConfigError(f"gripper: {key} is {getattr(self, key)}, must be finite")
        if self.closed == self.open:
            raise ConfigError(f"gripper: closed and open are both {self.open:g}, must differ")
        if self.threshold is not None and not min(self.closed, self.open) <= self.threshold < max(
            self.closed, self.open
        ):
            told = f"must be between closed ({self.closed:g}) and open ({self.open:g})"
            raise ConfigError(f"gripper: threshold is {self.threshold:g}, {told}")

    def to_server(self, opening: FloatArray) -> FloatArray:
        """Return the server's numbers for ours (0 closed, 1 open)."""
        return self.closed + (self.open - self.closed) * opening

    def from_server(self, value: FloatArray) -> FloatArray:
        """Return our numbers for the server's, cut to 0–1; NaN stays."""
        if self.threshold is not None:
            nearer_open = (value > self.threshold) == (self.open > self.closed)
            return np.where(np.isnan(value), np.nan, nearer_open.astype(np.float64))
        return np.clip((value - self.closed) / (self.open - self.closed), 0.0, 1.0)
