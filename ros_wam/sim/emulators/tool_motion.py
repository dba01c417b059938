"""Motions of the tool that a UR controller plans itself: movel and speedl, as joint setpoints period by period."""

import math
from collections.abc import Callable

import numpy as np

from ros_wam.sim.emulators.ur_kinematics import rotation_of, turn_of
from ros_wam.types import FloatArray

Solve = Callable[[FloatArray, FloatArray], FloatArray]
"""Joint positions `(6,)` that bring the tool to a pose `(4, 4)`, near others; raises what ends the program."""


class Trapezoid:
    """The way gone after a time at a trapezoidal speed, as a share of the whole."""

    def __init__(self, length: float, speed: float, acceleration: float) -> None:
        self._length, self._acceleration = length, acceleration
        self._speed = min(speed, math.sqrt(length * acceleration))
        self._ramp_s = self._speed / acceleration
        self.duration_s = self._ramp_s + (length / self._speed if self._speed > 0.0 else 0.0)

    def share(self, now_s: float) -> float:
        """Return 0 at the start … 1 at `duration_s`."""
        if self._length <= 0.0 or now_s >= self.duration_s:
            return 1.0
        left_s = self.duration_s - now_s
        if now_s < self._ramp_s:
            return 0.5 * self._acceleration * now_s * now_s / self._length
        if left_s < self._ramp_s:
            return 1.0 - 0.5 * self._acceleration * left_s * left_s / self._length
        return self._speed * (now_s - 0.5 * self._ramp_s) / self._length


class MoveL:
    """Straight line of the tool, turning evenly (URScript movel); the longer of the ways in m and rad sets the time."""

    def __init__(
        self,
        start: FloatArray,
        goal: FloatArray,
        joints: FloatArray,
        speed_m_s: float,
        acceleration_m_s2: float,
        solve: Solve,
    ) -> None:
        """`start` and `goal` are tool poses `(4, 4)`; `joints` `(6,)` bring it to the first."""
        self._start, self._joints, self._solve = start, joints, solve
        self._way = goal[:3, 3] - start[:3, 3]
        self._turn = turn_of(goal[:3, :3] @ start[:3, :3].T)
        length = max(float(np.linalg.norm(self._way)), float(np.linalg.norm(self._turn)))
        self._pace = Trapezoid(length, speed_m_s, acceleration_m_s2)
        self._now_s = 0.0
        self.done = False

    def step(self, duration_s: float) -> FloatArray:
        self._now_s += duration_s
        self.done = self._now_s >= self._pace.duration_s
        share, pose = self._pace.share(self._now_s), np.eye(4)
        pose[:3, :3] = rotation_of(share * self._turn) @ self._start[:3, :3]
        pose[:3, 3] = self._start[:3, 3] + share * self._way
        self._joints = self._solve(pose, self._joints)
        return self._joints


class SpeedL:
    """Goes over to a velocity of the tool `(6,)` [m/s, rad/s, base axes] with the given acceleration (speedl)."""

    def __init__(
        self, pose: FloatArray, joints: FloatArray, goal: FloatArray, acceleration_m_s2: float, solve: Solve
    ) -> None:
        """`pose` `(4, 4)` is the tool's at `joints` `(6,)`, where it rests."""
        self._pose, self._joints, self._solve = pose, joints, solve
        self._velocity = np.zeros(6)
        self.change(goal, acceleration_m_s2)
        self.done = False

    def change(self, goal: FloatArray, acceleration_m_s2: float) -> None:
        """Go over to another velocity."""
        self._goal, self._acceleration = np.array(goal), acceleration_m_s2

    def step(self, duration_s: float) -> FloatArray:
        change = self._goal - self._velocity
        largest = max(float(np.linalg.norm(change[:3])), float(np.linalg.norm(change[3:])))
        share = min(1.0, self._acceleration * duration_s / largest) if largest > 0.0 else 1.0
        before = self._velocity
        self._velocity = before + share * change
        moved = 0.5 * duration_s * (before + self._velocity)
        pose = self._pose.copy()
        pose[:3, :3] = rotation_of(moved[3:]) @ pose[:3, :3]
        pose[:3, 3] += moved[:3]
        self._joints, self._pose = self._solve(pose, self._joints), pose
        return self._joints
