"""One client's run of the baseline: from one observation to one chunk, along a plan that is committed in time."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.ongoing import Ongoing, continued
from ros_wam.policies.picker import Moment, Picker
from ros_wam.policies.progress import LAG_S, Place, Progress
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.scene_memory import SceneMemory
from ros_wam.types import FloatArray

HORIZON = 30
RATE_HZ = 30.0
_FORGET_S = 10.0  # a client that was silent for so long begins something new
_LEAD_S = 0.3  # an answer is normally being executed after this long
_USUAL_INTERVAL_S = 0.5
_MARGIN_ROWS = 2  # an answer may be a little later than its client anticipates
_SET_OFF_S = 0.4  # after a stop, to reach the speed of the plan


class Session:
    """Remembers the scene and the plan between calls. Joint arrays are `(n,)` in the embodiment's order."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration]) -> None:
        self._embodiment, self._kinematics, self._views = embodiment, kinematics, views
        self._arm = ~embodiment.is_gripper
        self._memory = SceneMemory(next(iter(embodiment.arms.values())).workspace)
        self._picker: Picker | None = None
        self._progress: Progress | None = None
        self._stamp_ns = 0
        self._interval_s = _USUAL_INTERVAL_S

    def step(
        self,
        stamp_ns: int,
        images: Mapping[str, NDArray[np.uint8]],
        joints: FloatArray,
        ongoing: Ongoing | None = None,
    ) -> FloatArray:
        """Return `(HORIZON, n)` joint positions; row k is for `stamp_ns` + k / RATE_HZ.

        `images`: RGB by view. Raises PoseUnreachable if the plan leads where the arm cannot go.
        """
        picker, progress, place = self._locate(stamp_ns, joints, ongoing)
        self._look(stamp_ns, images, joints, picker, place)
        splice_s = place.plan_s + self._lead_s(ongoing)
        picker.decide(Moment(stamp_ns, place.plan_s, splice_s, splice_s + self._interval_s, joints))
        times_s = place.plan_s + _row_times(place.stalled)
        rows = self._rows(picker, times_s, joints)
        if ongoing is not None:
            rows = continued(rows, ongoing, self._arm)
        progress.answer(times_s, rows[:, self._arm])
        return rows

    def _lead_s(self, ongoing: Ongoing | None) -> float:
        """Return when the robot begins to execute this answer, so from when on it may say something new."""
        if ongoing is not None:
            return (ongoing.delay_rows + _MARGIN_ROWS) / RATE_HZ
        return _LEAD_S if self._interval_s <= 1.3 * _USUAL_INTERVAL_S else self._interval_s

    def _locate(self, stamp_ns: int, joints: FloatArray, ongoing: Ongoing | None) -> tuple[Picker, Progress, Place]:
        """Find the robot on the plan, or begin a new one where it is."""
        elapsed_s = (stamp_ns - self._stamp_ns) * 1e-9
        place = None
        if self._progress is not None and 0.0 <= elapsed_s < _FORGET_S:
            if ongoing is not None:
                place = self._progress.match(elapsed_s * RATE_HZ, ongoing.rows[:, self._arm], 1.0 / RATE_HZ)
            place = place or self._progress.locate(elapsed_s * RATE_HZ, joints[self._arm])
            self._interval_s = float(np.clip(elapsed_s, _USUAL_INTERVAL_S, 1.2))
        self._stamp_ns = stamp_ns
        if self._picker is None or self._progress is None or place is None:
            self._memory.forget()
            self._picker = Picker(self._embodiment, self._kinematics, self._memory, joints)
            self._progress = Progress(0.0, joints[self._arm])
            self._interval_s = _USUAL_INTERVAL_S
            place = Place(0.0, stalled=False)
        return self._picker, self._progress, place

    def _look(
        self, stamp_ns: int, images: Mapping[str, NDArray[np.uint8]], joints: FloatArray, picker: Picker, place: Place
    ) -> None:
        rests = picker.rests(place.plan_s - LAG_S, joints)
        speed_m_s = 0.0 if rests else picker.trajectory.speed_m_s(place.plan_s - LAG_S)
        in_hand = picker.in_hand(place.plan_s)
        at_base = PlacedCamera(self._views["global"], np.eye(4))
        at_tool = PlacedCamera(self._views["wrist"], self._kinematics.tool_pose(joints))
        self._memory.look(images["global"], at_base, stamp_ns, skip=in_hand, find_box=True)
        self._memory.look(images["wrist"], at_tool, stamp_ns, speed_m_s, in_hand)

    def _rows(self, picker: Picker, times_s: FloatArray, joints: FloatArray) -> FloatArray:
        rows = np.empty((len(times_s), len(joints)))
        for k, vector in enumerate(picker.trajectory.at(times_s)):
            near = joints if k == 0 else rows[0] if k == 1 else 2 * rows[k - 1] - rows[k - 2]
            rows[k] = self._kinematics.solve(tool_vector.to_matrix(vector), near)
        rows[:, ~self._arm] = picker.trajectory.opening_at(times_s)[:, np.newaxis]
        return rows


def _row_times(stalled: bool) -> FloatArray:
    """`(HORIZON,)`: plan time of each row after the first; gathering speed if the robot has stopped on the way."""
    times = np.arange(HORIZON) / RATE_HZ
    if not stalled:
        return times
    return np.where(times < _SET_OFF_S, times**2 / (2 * _SET_OFF_S), times - _SET_OFF_S / 2)
