"""A simulated hand that moves a leader: smoothly from where it is to where it is told to go, or letting go of it."""

import numpy as np

from ros_wam.types import FloatArray


class Hand:
    """Holds the leader at `(n,)` joint positions [rad, grippers 0–1]. `holds`: its fingers are on every gripper."""

    def __init__(self, position: FloatArray) -> None:
        self._from = self._to = np.array(position, dtype=np.float64)
        self._begin_ns = self._lasting_ns = 0
        self._now_ns = 0
        self.holds = True

    def move(self, target: FloatArray, duration_s: float) -> None:
        """Go to `target` `(n,)` within `duration_s` from now on, from rest to rest with the least jerk."""
        self._from, self._to = self.position(), np.array(target, dtype=np.float64)
        self._begin_ns, self._lasting_ns = self._now_ns, round(duration_s * 1e9)

    def advance(self, now_ns: int) -> None:
        """Let time pass."""
        self._now_ns = now_ns

    def position(self) -> FloatArray:
        """Return where it is now `(n,)`."""
        passed_ns = self._now_ns - self._begin_ns
        if passed_ns >= self._lasting_ns:
            return self._to
        share = max(passed_ns, 0) / self._lasting_ns
        return np.asarray(self._from + (10 - 15 * share + 6 * share**2) * share**3 * (self._to - self._from))
