"""How far the robot is behind its leader in time: the delay by which its measured motion matches the leader's best."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from ros_wam.types import FloatArray

WINDOW_S = 1.0
"""Of motion that is compared."""
LONGEST_S = 0.5
"""Longer delays are not looked for."""
GRID_S = 0.01
LEAST_RAD = 0.05
"""A leader that moves less within the window tells no delay: noise would decide."""


class TrackingLag:
    """Takes the leader's and the measured positions `(n,)` as they come; `arm` is the mask of the joints compared."""

    def __init__(self, arm: NDArray[np.bool_]) -> None:
        self._arm = arm
        self._led: deque[tuple[float, FloatArray]] = deque()
        self._measured: deque[tuple[float, FloatArray]] = deque()

    def note(self, led_ns: int, led: FloatArray, measured_ns: int, measured: FloatArray) -> None:
        """Take where the leader was at `led_ns`, and the robot at `measured_ns`."""
        for rows, stamp_ns, position in ((self._led, led_ns, led), (self._measured, measured_ns, measured)):
            at_s = stamp_ns * 1e-9
            if rows and at_s <= rows[-1][0]:
                continue
            rows.append((at_s, position[self._arm]))
            while rows[0][0] < at_s - WINDOW_S - 2.0 * LONGEST_S:
                rows.popleft()

    def forget(self) -> None:
        """Begin anew."""
        self._led.clear()
        self._measured.clear()

    def delay_s(self) -> float | None:
        """Return the delay [s]; None while too little motion was seen to tell."""
        if not self._led or not self._measured:
            return None
        until_s = min(self._led[-1][0], self._measured[-1][0])
        begin_s = until_s - WINDOW_S
        if self._measured[0][0] > begin_s or self._led[0][0] > begin_s - LONGEST_S:
            return None
        steps, longest = round(WINDOW_S / GRID_S), round(LONGEST_S / GRID_S)
        led = _resampled(self._led, begin_s - LONGEST_S, steps + longest)
        measured = _resampled(self._measured, begin_s, steps)
        if np.ptp(led[longest:], axis=0).max() < LEAST_RAD:
            return None
        errors = [float(np.square(measured - led[longest - delay :][:steps]).sum()) for delay in range(longest + 1)]
        return int(np.argmin(errors)) * GRID_S


def _resampled(rows: deque[tuple[float, FloatArray]], begin_s: float, steps: int) -> FloatArray:
    """`(steps, joints)`: the positions every `GRID_S` from `begin_s` on."""
    stamps_s = np.array([at_s for at_s, _ in rows])
    positions = np.array([position for _, position in rows])
    grid_s = begin_s + GRID_S * np.arange(1, steps + 1)
    return np.stack([np.interp(grid_s, stamps_s, joint) for joint in positions.T], axis=1)
