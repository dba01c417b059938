"""One client's run of the baseline: from one observation to one chunk, along a plan that is committed in time."""

from collections.abc import Callable

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.policies.ongoing import Ongoing, continued
from ros_wam.policies.planner import Images, Moment, Planner
from ros_wam.policies.progress import Place, Progress
from ros_wam.types import FloatArray

HORIZON = 30
RATE_HZ = 30.0
_FORGET_S = 10.0  # a client that was silent for so long begins something new
_LEAD_S = 0.3  # an answer is normally being executed after this long
_USUAL_INTERVAL_S = 0.5
_MARGIN_ROWS = 2  # an answer may be a little later than its client anticipates
_SET_OFF_S = 0.4  # after a stop, to reach the speed of the plan


class Session:
    """Keeps track of where the robot is on a planner's plan. Joint arrays are `(n,)` in the embodiment's order."""

    def __init__(self, embodiment: Embodiment, make_planner: Callable[[], Planner]) -> None:
        """`make_planner` is called for each new piece of work."""
        self._arm = ~embodiment.is_gripper
        self._make_planner = make_planner
        self._planner = make_planner()
        self._progress: Progress | None = None
        self._stamp_ns = 0
        self._interval_s = _USUAL_INTERVAL_S

    def step(self, stamp_ns: int, images: Images, joints: FloatArray, ongoing: Ongoing | None = None) -> FloatArray:
        """Return `(HORIZON, n)` joint positions; row k is for `stamp_ns` + k / RATE_HZ.

        Raises PoseUnreachable if the plan leads where the arm cannot go.
        """
        progress, place = self._locate(stamp_ns, joints, ongoing)
        splice_s = place.plan_s + self._lead_s(ongoing)
        moment = Moment(stamp_ns, place.plan_s, splice_s, splice_s + self._interval_s, joints)
        self._planner.look(images, moment)
        self._planner.decide(moment)
        times_s = place.plan_s + _row_times(place.stalled)
        rows = self._planner.rows(times_s, joints)
        if ongoing is not None:
            rows = continued(rows, ongoing, self._arm)
        progress.answer(times_s, rows[:, self._arm])
        return rows

    def _lead_s(self, ongoing: Ongoing | None) -> float:
        """Return when the robot begins to execute this answer, so from when on it may say something new."""
        if ongoing is not None:
            return (ongoing.delay_rows + _MARGIN_ROWS) / RATE_HZ
        return _LEAD_S if self._interval_s <= 1.3 * _USUAL_INTERVAL_S else self._interval_s

    def _locate(self, stamp_ns: int, joints: FloatArray, ongoing: Ongoing | None) -> tuple[Progress, Place]:
        """Find the robot on the plan, or have it plan anew where it is."""
        elapsed_s = (stamp_ns - self._stamp_ns) * 1e-9
        self._stamp_ns = stamp_ns
        goes_on = self._progress is not None and 0.0 <= elapsed_s < _FORGET_S
        if self._progress is not None and goes_on:
            place = None
            if ongoing is not None:
                place = self._progress.match(elapsed_s * RATE_HZ, ongoing.rows[:, self._arm], 1.0 / RATE_HZ)
            place = place or self._progress.locate(elapsed_s * RATE_HZ, joints[self._arm])
            self._interval_s = float(np.clip(elapsed_s, _USUAL_INTERVAL_S, 1.2))
            if place is not None:
                return self._progress, place
        if not goes_on:
            self._planner = self._make_planner()
        self._planner.begin(joints)
        self._progress = Progress(0.0, joints[self._arm])
        self._interval_s = _USUAL_INTERVAL_S
        return self._progress, Place(0.0, stalled=False)


def _row_times(stalled: bool) -> FloatArray:
    """`(HORIZON,)`: plan time of each row after the first; gathering speed if the robot has stopped on the way."""
    times = np.arange(HORIZON) / RATE_HZ
    if not stalled:
        return times
    return np.where(times < _SET_OFF_S, times**2 / (2 * _SET_OFF_S), times - _SET_OFF_S / 2)
