"""Time along the path: it runs at a share of real time when the robot is to go the same way more slowly.

The share changes like a critically damped filter, whose response never overshoots: whatever shares are asked for, and
when, time along the path runs forward and the share stays between the smallest and the largest of them. The share and
its rate are continuous, and so are velocity and acceleration of whatever is followed.
"""

import math
from bisect import bisect_right
from typing import NamedTuple

from ros_wam.errors import SpecError

RAMP_RATE_1_S = 6.0
"""Rate of the filter: nine tenths of a change are done after 0.65 s. Slowing down to a tenth from 2 rad/s then takes
4 rad/s² and 65 rad/s³, less than any of our robots may do."""

RAMP_END_S = 40.0 / RAMP_RATE_1_S
"""When nothing that a float can hold is left of a change."""

MEMORY_NS = 60_000_000_000
"""How far back the past is known; longer than any observation is under way."""


class _Ramp(NamedTuple):
    """The share from `start_ns` on: `share + (away + slope t) exp(-rate t)`."""

    start_ns: int
    path_ns: int
    share: float
    away: float
    slope: float

    def after(self, elapsed_s: float) -> tuple[float, float, float]:
        """Return what path time has gone since the start [s], the share, and its rate [1/s]."""
        if elapsed_s >= RAMP_END_S:
            rest_s = (self.away + self.slope / RAMP_RATE_1_S) / RAMP_RATE_1_S
            return self.share * elapsed_s + rest_s, self.share, 0.0
        turned = RAMP_RATE_1_S * elapsed_s
        left = math.exp(-turned)
        away = self.away + self.slope * elapsed_s
        gone_s = self.away * (1.0 - left) / RAMP_RATE_1_S
        gone_s += self.slope * (1.0 - left * (1.0 + turned)) / RAMP_RATE_1_S**2
        return self.share * elapsed_s + gone_s, self.share + away * left, (self.slope - RAMP_RATE_1_S * away) * left


class PathTime:
    """Path time [ns] as a function of real time [ns]; the two are the same until another share is set."""

    def __init__(self) -> None:
        self._ramps: list[_Ramp] = []

    @property
    def share(self) -> float:
        """The share that was asked for last."""
        return self._ramps[-1].share if self._ramps else 1.0

    def set_share(self, share: float, now_ns: int) -> None:
        """Run at `share` of real time from now on, after a smooth change; raises SpecError unless 0 < share <= 1."""
        if not 0.0 < share <= 1.0:
            raise SpecError(f"speed share is {share}, must be greater than 0 and at most 1")
        if share == self.share:
            return
        path_ns, present, rate = self.at(now_ns)
        away = present - share
        ramp = _Ramp(now_ns, path_ns, share, away, rate + RAMP_RATE_1_S * away)
        known = bisect_right(self._ramps, now_ns - MEMORY_NS, key=lambda past: past.start_ns)
        self._ramps = [*self._ramps[max(known - 1, 0) :], ramp]

    def at(self, time_ns: int) -> tuple[int, float, float]:
        """Return path time [ns], the share at which it runs, and the rate of the share [1/s]."""
        ramps = self._ramps
        if not ramps:
            return time_ns, 1.0, 0.0
        ramp = ramps[-1]
        if time_ns < ramp.start_ns:
            ramp = ramps[max(bisect_right(ramps, time_ns, key=lambda past: past.start_ns) - 1, 0)]
        elapsed_s = (time_ns - ramp.start_ns) * 1e-9
        if elapsed_s < 0.0:  # before anything that is known it ran as at its beginning
            share = ramp.share + ramp.away
            return ramp.path_ns + round(elapsed_s * 1e9 * share), share, 0.0
        gone_s, share, rate = ramp.after(elapsed_s)
        return ramp.path_ns + round(gone_s * 1e9), share, rate

    def when(self, path_ns: int) -> int:
        """Return the real time at which path time is `path_ns`, if the share stays what was asked for."""
        if not self._ramps:
            return path_ns
        ramp = self._ramps[max(bisect_right(self._ramps, path_ns, key=lambda past: past.path_ns) - 1, 0)]
        wanted_s = (path_ns - ramp.path_ns) * 1e-9
        if wanted_s < 0.0:
            return ramp.start_ns + round(wanted_s * 1e9 / (ramp.share + ramp.away))
        low_s, high_s = 0.0, 1.0
        while ramp.after(high_s)[0] < wanted_s:
            low_s, high_s = high_s, 2.0 * high_s
        while high_s - low_s > 1e-9 * high_s:
            middle_s = (low_s + high_s) / 2.0
            if ramp.after(middle_s)[0] < wanted_s:
                low_s = middle_s
            else:
                high_s = middle_s
        return ramp.start_ns + round(high_s * 1e9)
