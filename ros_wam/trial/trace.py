"""What a bag tells of one trial, on one time axis."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ros_wam.causes import Limit
from ros_wam.types import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Inference:
    """One answer of the policy server: when the policy's node told of it, and how long it took."""

    stamp_ns: int
    latency_ms: float


@dataclass(frozen=True, eq=False)
class Trace:
    """Every control tick of a recorded episode, oldest first, and what came beside them.

    `measured`, `target` and `sent` are `(N, n)` [rad, grippers 0–1], NaN where there was nothing; `limit` is `(N,)`, a
    mask of `Limit`. The policy had the robot from `start_ns` to `end_ns`. Per topic, `heard` counts the messages
    between those two, `gaps` those that are missing there.
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
    heard: Mapping[str, int]
    gaps: Mapping[str, int]

    def while_running(self) -> "Trace":
        """Return the ticks while the policy had the robot."""
        inside = np.flatnonzero((self.stamp_ns >= self.start_ns) & (self.stamp_ns <= self.end_ns))
        return replace(
            self,
            stamp_ns=self.stamp_ns[inside],
            measured=self.measured[inside],
            target=self.target[inside],
            sent=self.sent[inside],
            limit=self.limit[inside],
            inferences=tuple(i for i in self.inferences if self.start_ns <= i.stamp_ns <= self.end_ns),
        )

    @property
    def times_s(self) -> FloatArray:
        """`(N,)` time since the start [s]."""
        return np.asarray((self.stamp_ns - self.start_ns) * 1e-9, dtype=np.float64)

    @property
    def idle(self) -> NDArray[np.bool_]:
        """`(N,)`: where there was nothing to follow."""
        return np.asarray(np.isnan(self.target).all(axis=1), dtype=np.bool_)

    @property
    def limited(self) -> NDArray[np.bool_]:
        """`(N,)`: where the safety gate changed a command. Holding is not counted."""
        return np.asarray(self.limit & ~int(Limit.HOLD), dtype=np.bool_)
