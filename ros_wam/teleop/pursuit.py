"""How a target goes after its leader: as fast as it may, and never faster than it could stop before what is ahead."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.motion.bounds import largest_rate, stopping_distance
from ros_wam.types import FloatArray

SHARE = 0.5
"""Of the robot's acceleration: what the smoother then does to follow stays within it. With 0.6 it does not at full
speed, and the robot goes on 0.1 rad too far.
"""

OVERSHOOT_S = 0.04
"""Of its rate the smoother may go further than a target that stops: it is a spring of 10 per second, damped critically
(1 / 10 e); what is ahead has to be free for that too.
"""


class Pursuit:
    """Keeps the rate `(n,)` at which the target moves [rad/s, grippers 1/s]; grippers have no inertia."""

    def __init__(self, embodiment: Embodiment) -> None:
        self._arm = ~embodiment.is_gripper
        self._slope = np.where(self._arm, SHARE * embodiment.acceleration, 1.0)
        self.rate: FloatArray = np.zeros(len(embodiment.joint_names))

    def rest(self) -> None:
        """Begin anew, from rest."""
        self.rate = np.zeros_like(self.rate)

    def towards(self, away: FloatArray, top: FloatArray, period_s: float) -> FloatArray:
        """Return the rate of the next period for a goal that is `away` `(n,)`, at most `top`."""
        most = np.minimum(largest_rate(np.abs(away), self._slope, period_s), top)
        rate = self._reachable(np.sign(away) * most, period_s)
        stroke = np.clip(away / period_s, -top, top)
        return np.clip(np.where(self._arm, rate, stroke), -top, top)

    def braking(self, period_s: float) -> FloatArray:
        """Return the rate of the next period for a target that is to stop."""
        return np.where(self._arm, self._reachable(np.zeros_like(self.rate), period_s), 0.0)

    def stop(self, rate: FloatArray, period_s: float) -> FloatArray:
        """Return how far `(n,)` the robot goes on from `rate` until it stops, this period's step included."""
        braking = stopping_distance(rate, self._slope, period_s) + rate * OVERSHOOT_S
        return np.where(self._arm, braking, 0.0) + rate * period_s

    def _reachable(self, rate: FloatArray, period_s: float) -> FloatArray:
        change = self._slope * period_s
        return np.asarray(np.clip(rate, self.rate - change, self.rate + change))
