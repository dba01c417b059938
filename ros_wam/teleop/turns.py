"""Angles of servos that know only where they are within a turn, as angles that go on beyond it."""

import math

import numpy as np

from ros_wam.types import FloatArray


class Turns:
    """Follows `(n,)` angles [rad] from one reading to the next; the first are taken for those nearest to `near`."""

    def __init__(self, near: FloatArray) -> None:
        self._near = self._last = near

    def reset(self) -> None:
        """Begin anew."""
        self._last = self._near

    def follow(self, angles: FloatArray) -> FloatArray:
        """Return the angles with as many turns as bring each nearest to where it was before."""
        self._last = angles + math.tau * np.round((self._last - angles) / math.tau)
        return self._last
