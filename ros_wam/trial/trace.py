"""What a bag tells of one trial, on one time axis."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ros_wam.types import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Inference:
    """One answer of the policy server: when its chunk was admitted, and how long it took."""

    stamp_ns: int
    latency_ms: float


@dataclass(frozen=True, eq=False)
class Trace:
    """Every control tick of a recorded episode, oldest first, and what came beside them.

    `measured`, `target` and `sent` are `(N, n)` [rad, grippers 0–1], NaN where there was nothing; `limit` is `(N,)`, a
    mask of `Limit`. The policy had the robot from `start_ns` to `end_ns`. `gaps` counts per topic the messages that
    are missing between those two, by their stamps.
    """

    joint_names: tuple[str, ...]
    stamp_ns: IntArray
    measured: FloatArray
    target: FloatArray
    sent: FloatArray
    limit: IntArray
    start_ns: int
    end_ns: int
    inferences: tuple[Inference, ...]
    gaps: Mapping[str, int]

    def running(self) -> "NDArray[np.bool_]":
        """Return the `(N,)` mask of the ticks while the policy had the robot."""
        return (self.stamp_ns >= self.start_ns) & (self.stamp_ns <= self.end_ns)
