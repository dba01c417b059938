"""What a robot's joints measured over an episode, and what they measured in between."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import SpecError
from ros_wam.types import FloatArray

IntArray = NDArray[np.int64]


class JointValues(NamedTuple):
    """`(M, n)` position [rad], velocity [rad/s] and effort [N m]; grippers 0–1, 1/s, N."""

    position: FloatArray
    velocity: FloatArray
    effort: FloatArray


@dataclass(frozen=True, eq=False)
class JointTrack:
    """`(N, n)` position [rad], velocity [rad/s] and effort [N m] at `stamp_ns` `(N,)`; grippers 0–1, 1/s, N.

    The stamps increase: raises SpecError where they do not.
    """

    stamp_ns: IntArray
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray

    def __post_init__(self) -> None:
        if (np.diff(self.stamp_ns) <= 0).any():
            k = int(np.argmax(np.diff(self.stamp_ns) <= 0))
            raise SpecError(
                f"joint states: stamp {self.stamp_ns[k + 1]} comes after {self.stamp_ns[k]}; stamps must increase"
            )

    def at(self, instant_ns: IntArray) -> JointValues:
        """Return what it was at `instant_ns` `(M,)`, interpolated linearly; NaN outside of what was measured.

        An instant that was measured gives what was measured.
        """
        return JointValues(
            _interpolated(self.stamp_ns, self.position, instant_ns),
            _interpolated(self.stamp_ns, self.velocity, instant_ns),
            _interpolated(self.stamp_ns, self.effort, instant_ns),
        )

    def gap_ns(self, instant_ns: IntArray) -> IntArray:
        """Return `(M,)`: how far the two measurements around each instant are apart, 0 where it was measured itself.

        The largest integer outside of what was measured.
        """
        outside = np.iinfo(np.int64).max
        if not len(self.stamp_ns):
            return np.full(len(instant_ns), outside)
        after = np.searchsorted(self.stamp_ns, instant_ns)
        inside = (instant_ns >= self.stamp_ns[0]) & (instant_ns <= self.stamp_ns[-1])
        right = np.minimum(after, len(self.stamp_ns) - 1)
        left = np.maximum(right - 1, 0)
        gap = np.where(self.stamp_ns[right] == instant_ns, 0, self.stamp_ns[right] - self.stamp_ns[left])
        return np.where(inside, gap, outside)


def _interpolated(stamp_ns: IntArray, value: FloatArray, instant_ns: IntArray) -> FloatArray:
    result = np.full((len(instant_ns), value.shape[1]), np.nan)
    if len(stamp_ns):
        origin_ns = stamp_ns[0]  # nanoseconds since 1970 do not fit a float
        x, xp = (instant_ns - origin_ns).astype(np.float64), (stamp_ns - origin_ns).astype(np.float64)
        for k in range(value.shape[1]):
            result[:, k] = np.interp(x, xp, value[:, k], left=np.nan, right=np.nan)
    return result
