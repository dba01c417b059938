"""Which motors of an ARX arm exert more than its library allows, and whether it helps to relieve them."""

import numpy as np
from numpy.typing import NDArray

OVER_CURRENT_NS, CALM_NS = 20_000_000, 100_000_000
"""Of a torque above what the library allows: how long it may come back before the link is given up, and what is long
enough without. 20 rounds with it in a row, about 50 ms, make the library hang, the motors with their last command."""

Mask = NDArray[np.bool_]


class OverCurrent:
    """Remembers since when. Arrays are `(n,)`, in the order of the joints, grippers included."""

    def __init__(self, is_gripper: Mask, now_ns: int) -> None:
        self._is_gripper = is_gripper
        self._begun_ns = self._last_ns = np.full(len(is_gripper), now_ns - 2 * CALM_NS)
        self.relieved: Mask = np.zeros(len(is_gripper), dtype=bool)
        """What is to stay where it is now: all of the arm, the gripper, or neither."""

    def note(self, excess: Mask, now_ns: int) -> Mask:
        """Take note of which exert too much now; return those that still or again do, though they were relieved."""
        begins = excess & (now_ns - self._last_ns > CALM_NS)
        self._begun_ns = np.where(begins, now_ns, self._begun_ns)
        self._last_ns = np.where(excess, now_ns, self._last_ns)
        self.relieved = np.where(self._is_gripper, excess, excess[~self._is_gripper].any())
        return excess & (now_ns - self._begun_ns > OVER_CURRENT_NS)

    def note_way_back(self, away: Mask, now_ns: int) -> None:
        """Take note of which are not yet told again what is asked of them: until then it cannot be calm."""
        recent = now_ns - self._last_ns <= CALM_NS
        self._last_ns = np.where(away & recent, now_ns, self._last_ns)
