"""Follows a timed chunk within velocity, acceleration and jerk limits, and works off any difference without a jerk.

The difference to the chunk (a switch to a newer chunk, a start from rest) decays like a critically damped spring; the
chunk's own velocity and acceleration one period ahead are fed forward, so that what the chunk asks for is not delayed.
Successive chunks disagree by their policy's error; a soft spring averages it.

This is a closed form and not Ruckig (which plans homing): planned anew at every tick towards a moving state ahead,
Ruckig drifts away unless the state is 0.1 s ahead, doubles the jerk, costs three times as much and can raise near
standstill. In the closed form every bound holds between samples by construction: finite differences of the positions
are the limited quantities themselves.
"""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.motion.bounds import jerk_limited_stop, largest_rate, within
from ros_wam.motion.chunk import ChunkBuffer
from ros_wam.types import Command, FloatArray

STIFFNESS_1_S = 6.0
"""Rate of the spring: a difference has fallen to a half after 0.28 s. Our choice: a switch between two chunks makes no
step of more than 1.5 times the usual one, and the error is less than that of each chunk."""

SETTLING_STIFFNESS_1_S = 10.0
"""Rate of the spring where there is nothing to average: for chunks that start from rest, and after the last row."""


ROUNDING = 1e-6
"""The share of each limit that is left to rounding: what is asked for is never narrowed by the gate that checks it."""

ROUNDING_RAD = 1e-9
"""The same for position limits."""


class Smoother:
    """The state of the desired motion: position, velocity and acceleration of every joint.

    Every motion that begins at rest within the position limits keeps all limits, whatever the chunks are. There is no
    lag behind a chunk that does so too, and a difference to it, as large as chunks may have, is worked off to 5 % in
    0.9 s; in 0.6 s where there is nothing to average.
    """

    def __init__(self, embodiment: Embodiment) -> None:
        self._period_s = embodiment.period_s
        self._period_ns = round(embodiment.period_s * 1e9)
        self._arm = ~embodiment.is_gripper
        self._lower, self._upper = embodiment.lower, embodiment.upper
        self._first, self._last = self._lower + ROUNDING_RAD, self._upper - ROUNDING_RAD
        left = 1.0 - ROUNDING
        self._velocity_limit = left * embodiment.velocity
        self._acceleration_limit = np.where(self._arm, left * embodiment.acceleration, 1.0)
        self._jerk_limit = np.where(self._arm, left * embodiment.jerk, 1.0)
        self._swing = np.where(self._arm, self._jerk_limit * self._period_s, 0.0)  # a gripper never accelerates
        self._stroke = self._velocity_limit * self._period_s
        swing_s = self._acceleration_limit / self._jerk_limit
        let_off = self._acceleration_limit * (swing_s / 2.0 + self._period_s)
        self._unbounded = np.where(self._arm, self._velocity_limit - let_off, np.inf)
        fastest = self._velocity_limit + self._acceleration_limit * swing_s
        longest = jerk_limited_stop(fastest, 0.0 * fastest, self._acceleration_limit, self._jerk_limit)
        self._longest_stop = np.where(self._arm, longest, -1.0)
        self._position = embodiment.home_position
        self._velocity = np.zeros(len(embodiment.joint_names))
        self._acceleration = np.zeros(len(embodiment.joint_names))

    def reset(self, position: FloatArray, velocity: FloatArray) -> None:
        """Go on from `position` `(n,)` [rad] and `velocity` [rad/s]."""
        self._position, self._velocity = position, np.where(self._arm, velocity, 0.0)
        self._acceleration = np.zeros(len(position))

    def step(self, chunk_buffer: ChunkBuffer, now_ns: int) -> Command:
        """Return the next position: on the way to the chunk, or to rest when no chunk covers the next period."""
        reference = chunk_buffer.reference(now_ns + self._period_ns)
        gripper = self._position
        if reference is None:
            wanted = self._braking()
        else:
            gripper = reference.position
            ahead = self._position + self._velocity * self._period_s - reference.position
            slower = self._velocity - reference.velocity
            stiffness = SETTLING_STIFFNESS_1_S if reference.settling else STIFFNESS_1_S
            wanted = reference.acceleration - stiffness * (2.0 * slower + stiffness * ahead)
            wanted = self._within_position(self._within_velocity(wanted))
        self._advance(wanted, gripper)
        return Command(now_ns, self._position)

    def _braking(self) -> FloatArray:
        """Return the acceleration that brings every joint to rest, from which it can still be let off in time."""
        return np.asarray(
            -np.sign(self._velocity) * largest_rate(np.abs(self._velocity), self._jerk_limit, self._period_s)
        )

    def _within_velocity(self, wanted: FloatArray) -> FloatArray:
        """Bound the acceleration so that it can be let off before the velocity passes its limit."""
        if (np.abs(self._velocity) <= self._unbounded).all():
            return wanted
        room = self._velocity_limit - np.array((self._velocity, -self._velocity))
        most, least = largest_rate(room, self._jerk_limit, self._period_s)
        return within(wanted, -least, most)

    def _within_position(self, wanted: FloatArray) -> FloatArray:
        """Brake where, after one more period of what is wanted, a joint could no longer stop before its limit."""
        room = np.minimum(self._last - self._position, self._position - self._first)
        if (room > self._longest_stop).all():
            return wanted
        acceleration = self._reachable(wanted)
        velocity = self._velocity + acceleration * self._period_s
        position = self._position + velocity * self._period_s
        limits = (self._acceleration_limit, self._jerk_limit)
        margin = np.abs(velocity) * self._period_s
        over = position + jerk_limited_stop(velocity, acceleration, *limits) > self._last - margin
        under = position - jerk_limited_stop(-velocity, -acceleration, *limits) < self._first + margin
        braking = self._braking()
        wanted = np.where(over, np.minimum(wanted, braking), wanted)
        return np.where(under, np.maximum(wanted, braking), wanted)

    def _reachable(self, wanted: FloatArray) -> FloatArray:
        """Return the acceleration nearest to `wanted` within the limits of jerk and acceleration."""
        within_jerk = within(wanted, self._acceleration - self._swing, self._acceleration + self._swing)
        return within(within_jerk, -self._acceleration_limit, self._acceleration_limit)

    def _advance(self, wanted: FloatArray, gripper: FloatArray) -> None:
        self._acceleration = self._reachable(wanted)
        self._velocity = self._velocity + self._acceleration * self._period_s
        position = self._position + self._velocity * self._period_s
        stroked = within(gripper, self._position - self._stroke, self._position + self._stroke)
        self._position = np.where(self._arm, position, stroked)
