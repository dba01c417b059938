"""Motions that a UR controller plans itself: movej, stopj and speedj, as joint setpoints period by period."""

import math
from typing import Protocol

import numpy as np

from ros_wam.types import FloatArray


class Motion(Protocol):
    """A running motion; `done` once its last setpoint has been given."""

    done: bool

    def step(self, duration_s: float) -> FloatArray:
        """Advance and return the setpoint `(n,)` [rad]."""
        ...


class MoveJ:
    """Straight line in joint space with a trapezoidal speed of the joint that has the longest way (URScript movej)."""

    def __init__(self, start: FloatArray, goal: FloatArray, speed_rad_s: float, acceleration_rad_s2: float) -> None:
        self._start, self._way = np.array(start), np.asarray(goal) - start
        self._length = float(np.abs(self._way).max())
        self._speed = min(speed_rad_s, math.sqrt(self._length * acceleration_rad_s2))
        self._ramp_s = self._speed / acceleration_rad_s2
        self._acceleration = acceleration_rad_s2
        self.duration_s = self._ramp_s + (self._length / self._speed if self._speed > 0.0 else 0.0)
        self._now_s = 0.0
        self.done = False

    def step(self, duration_s: float) -> FloatArray:
        self._now_s = min(self._now_s + duration_s, self.duration_s)
        self.done = self._now_s >= self.duration_s
        share = self._travelled() / self._length if self._length > 0.0 else 0.0
        return np.asarray(self._start + share * self._way)

    def _travelled(self) -> float:
        now, left = self._now_s, self.duration_s - self._now_s
        if now < self._ramp_s:
            return 0.5 * self._acceleration * now * now
        if left < self._ramp_s:
            return self._length - 0.5 * self._acceleration * left * left
        return self._speed * (now - 0.5 * self._ramp_s)


class SpeedJ:
    """Goes over to a velocity `(n,)` [rad/s] with the given acceleration of the joint that changes most (speedj)."""

    def __init__(
        self, position: FloatArray, velocity: FloatArray, goal: FloatArray, acceleration_rad_s2: float
    ) -> None:
        self._position, self._velocity = np.array(position), np.array(velocity)
        self._goal, self._acceleration = np.array(goal), acceleration_rad_s2
        self.done = False

    def change(self, goal: FloatArray, acceleration_rad_s2: float) -> None:
        """Go over to another velocity."""
        self._goal, self._acceleration = np.array(goal), acceleration_rad_s2

    def step(self, duration_s: float) -> FloatArray:
        change = self._goal - self._velocity
        largest = float(np.abs(change).max())
        share = min(1.0, self._acceleration * duration_s / largest) if largest > 0.0 else 1.0
        before = self._velocity
        self._velocity = before + share * change
        self._position = self._position + 0.5 * duration_s * (before + self._velocity)
        return self._position

    @property
    def is_at_speed(self) -> bool:
        """Whether the velocity is reached."""
        return bool((self._velocity == self._goal).all())


class StopJ(SpeedJ):
    """Brings the joints to rest and ends there (stopj)."""

    def __init__(self, position: FloatArray, velocity: FloatArray, deceleration_rad_s2: float) -> None:
        super().__init__(position, velocity, np.zeros_like(velocity), deceleration_rad_s2)

    def step(self, duration_s: float) -> FloatArray:
        position = super().step(duration_s)
        self.done = self.is_at_speed
        return position
