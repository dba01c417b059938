"""How an expert departs from its best, by seed: who learns from it has then seen the way back."""

from dataclasses import replace

import numpy as np

from ros_wam.sim.expert.settings import ExpertSettings
from ros_wam.sim.expert.waypoint import Waypoint

_MOST = 2.0  # standard deviations
_SPAWN_KEY = 1  # the scene is drawn from the same seed without one


class Noise:
    """Draws from one generator: the same seed gives the same noise, as long as it is asked in the same order."""

    def __init__(self, settings: ExpertSettings, seed: int) -> None:
        self._settings = settings
        self.rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_SPAWN_KEY,)))

    def misses(self) -> bool:
        """Return whether the next grasp or press is to be missed at first."""
        return bool(self.rng.random() < self._settings.miss)

    def disturbed(self, waypoint: Waypoint) -> Waypoint:
        """Return the waypoint elsewhere, never lower, and at another speed, as far as its `slack` allows."""
        position, yaw = waypoint.slack * self._settings.position_m, waypoint.slack * self._settings.yaw_rad
        spread = np.array([position, position, position, yaw, 0.0, 0.0])
        off = self.rng.standard_normal(6).clip(-_MOST, _MOST) * spread
        off[2] = abs(off[2])
        factor = 1.0 + self.rng.uniform(-self._settings.speed, self._settings.speed)
        return replace(waypoint, tool=waypoint.tool + off, speed_m_s=waypoint.speed_m_s * factor)
