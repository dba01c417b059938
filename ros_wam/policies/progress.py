"""How far the robot is along the plan, from the time that has passed and from where it was measured.

Time decides while the measured joints agree with it: they trail what they were sent, by a lag that varies, so going
by them alone would slow the plan down at every call. Where they disagree (the executing side waited, was held, or
started late) the plan goes on from where the robot is.
"""

from dataclasses import dataclass

import numpy as np

from ros_wam.types import FloatArray

LAG_S = 0.07
"""How much later the measured joints are where an answered row sent them."""
_TIME_TOLERANCE_S = 0.06
_POSITION_TOLERANCE_RAD = 0.02
_DWELL_RAD = 0.01
_LOST_RAD = 0.12
_HISTORY_S = 6.0
_AHEAD_S = 0.3  # of what was answered last, on what was answered before; further ahead somebody else has moved it
_MATCH_STEP_S, _MATCH_RAD = 0.002, 0.001
_STALLED_S = 0.5  # further behind than this, or behind twice running: the robot has stopped, and sets off again


@dataclass(frozen=True)
class Place:
    """A point in plan time [s]; `stalled` if the robot has been at rest there and not where the plan meant it to be."""

    plan_s: float
    stalled: bool


class Progress:
    """Remembers the rows that were answered: arm joints `(k, n)` for plan times `(k,)`."""

    def __init__(self, plan_s: float, joints: FloatArray) -> None:
        """Begin at rest at `joints` `(n,)`."""
        self._times = np.array([plan_s])
        self._joints = joints[np.newaxis]
        self._answered = self._times
        self._was_behind = False

    def answer(self, times_s: FloatArray, joints: FloatArray) -> None:
        """Remember a chunk; where it overlaps what was answered before it replaces it."""
        keep = (self._times < times_s[0]) & (self._times > times_s[0] - _HISTORY_S)
        self._times = np.concatenate([self._times[keep], times_s])
        self._joints = np.concatenate([self._joints[keep], joints])
        self._answered = times_s

    def locate(self, elapsed_rows: float, measured: FloatArray) -> Place | None:
        """Return where the robot was when `measured` `(n,)`, `elapsed_rows` after row 0 of the last answer.

        None when it is nowhere near the plan.
        """
        rows = np.arange(len(self._answered))
        expected_s = float(np.interp(elapsed_rows, rows, self._answered))
        seen_s = expected_s - LAG_S
        moved = np.abs(self._at(seen_s + _TIME_TOLERANCE_S) - self._at(seen_s - _TIME_TOLERANCE_S)) / 2
        was_behind, self._was_behind = self._was_behind, False
        if (np.abs(self._at(seen_s) - measured) <= _POSITION_TOLERANCE_RAD + moved).all():
            return Place(expected_s, stalled=False)
        possible = self._times <= expected_s + _AHEAD_S
        distances = np.abs(self._joints[possible] - measured).max(axis=1)
        if distances.min() > _LOST_RAD:
            return None
        # Where the plan dwells many rows fit: the one nearest to what time says, or the plan would dwell for ever.
        fitting = self._times[possible][distances <= distances.min() + _DWELL_RAD]
        found_s = float(fitting[np.abs(fitting - seen_s).argmin()])
        self._was_behind = found_s < seen_s
        if (self._was_behind and was_behind) or expected_s - found_s > _STALLED_S:
            return Place(found_s, stalled=True)
        return Place(found_s + LAG_S, stalled=False)

    def match(self, elapsed_rows: float, ongoing: FloatArray, dt_s: float) -> Place | None:
        """Return where on the plan the rows `(k, n)` lie that the robot is following, `dt_s` apart.

        None when they are nowhere near the plan.
        """
        expected_s = float(np.interp(elapsed_rows, np.arange(len(self._answered)), self._answered))
        starts_s = np.arange(self._times[0], self._times[-1], _MATCH_STEP_S)
        if not len(starts_s):
            return None
        ahead_s = starts_s[:, np.newaxis] + dt_s * np.arange(len(ongoing))
        away = np.array([np.interp(ahead_s, self._times, column) for column in self._joints.T])
        worst = np.abs(away - ongoing.T[:, np.newaxis, :]).max(axis=(0, 2))
        if worst.min() > _LOST_RAD:
            return None
        fitting = starts_s[worst <= worst.min() + _MATCH_RAD]
        return Place(float(fitting[np.abs(fitting - expected_s).argmin()]), stalled=False)

    def _at(self, time_s: float) -> FloatArray:
        return np.array([np.interp(time_s, self._times, column) for column in self._joints.T])
