"""Whether a leader is where the robot is: following begins only after it has been so for a while."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.teleop.settings import TeleopSettings
from ros_wam.types import FloatArray, JointState

PRESSING_N = 1.0
"""Fingers that press with more hold something: they may be led to close further, and are never led open at once."""


class Alignment:
    """Compares a leader with one robot. `offset` `(n,)`: what a clutch has put between them [rad, grippers none]."""

    def __init__(self, embodiment: Embodiment, settings: TeleopSettings) -> None:
        self._embodiment, self._settings = embodiment, settings
        self._since_ns: int | None = None
        self.offset: FloatArray = np.zeros(len(embodiment.joint_names))

    def missing(self, joints: FloatArray, state: JointState, now_ns: int) -> str:
        """Return what still keeps the robot from following a leader at `joints` `(n,)`; empty once nothing does."""
        if self.offset.any() and self._worst(joints + self.offset, state)[1] > 0.0:
            self.offset = np.zeros_like(self.offset)
        led = joints + self.offset
        worst, excess = self._worst(led, state)
        if excess > 0.0:
            self._since_ns = None
            return self._told(worst, float(state.position[worst] - led[worst]))
        if self._since_ns is None:
            self._since_ns = now_ns
        left_s = self._settings.settle_s - (now_ns - self._since_ns) * 1e-9
        return f"aligned: hold still for {left_s:.1f} s" if left_s > 0.0 else ""

    def forget(self) -> None:
        """Ask for it anew."""
        self._since_ns = None

    def _worst(self, led: FloatArray, state: JointState) -> tuple[int, float]:
        """Return the joint that is farthest off, as a share of its tolerance, and by how much it is outside of that."""
        grippers = self._embodiment.is_gripper
        off = np.abs(led - state.position)
        off[grippers & holding(self._embodiment, state) & (led < state.position)] = 0.0
        share = off / np.where(grippers, self._settings.align_gripper, self._settings.align_rad)
        worst = int(share.argmax())
        return worst, float(share[worst]) - 1.0

    def _told(self, joint: int, by: float) -> str:
        name = self._embodiment.joint_names[joint]
        if self._embodiment.is_gripper[joint]:
            return f"{'open' if by > 0.0 else 'close'} {name} of the leader by {abs(by):.2f} of its stroke"
        return f"turn {name} of the leader by {by:+.2f} rad ({np.degrees(by):+.0f}°)"


def holding(embodiment: Embodiment, state: JointState) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """`(n,)`: which joints are grippers that press something between their fingers."""
    return np.asarray(embodiment.is_gripper & (state.effort < -PRESSING_N))
