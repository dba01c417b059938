"""Stacking bowls with two arms: which arm does what next, on the part of the plan that nobody has begun to execute."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.policies.bowl_memory import BowlMemory
from ros_wam.policies.bowl_plan import BowlPlanner, Pick, Placement
from ros_wam.policies.bowls import SMALLER, Bowl
from ros_wam.policies.in_hand import GRIP_SEEN_S, is_in_hand
from ros_wam.policies.planner import Images, Moment
from ros_wam.policies.progress import LAG_S
from ros_wam.policies.scene_memory import Sighting
from ros_wam.policies.session import Session
from ros_wam.policies.two_arms import VIEWS, TwoArms
from ros_wam.types import FloatArray

_SHIFT_M = 0.002  # a better sighting that changes the plan
_PATIENCE_S = 6.0  # with a bowl that is not seen, before it is the next one's turn
_MAX_FAILURES = 3  # with a bowl, before the others come first
_AT_HOME = 0.005  # [m, rad]


@dataclass(frozen=True, eq=False)
class _Job:
    """One bowl in the work of one arm; where it goes is decided when it hangs in the air."""

    arm: str
    pick: Pick
    placement: Placement | None = None

    @property
    def done_s(self) -> float:
        """When the fingers will have left the bowl [s]; infinite while that is not planned."""
        return np.inf if self.placement is None else self.placement.done_s


class Stacker:
    """A Planner that puts the smaller bowls into the largest, each with the arm on whose side it stands.

    One arm works at a time while the other is at home or on its way there. While it sees nothing it stays where it is.
    """

    def __init__(self, arms: TwoArms) -> None:
        self._arms = arms
        self._planners = {
            arm: BowlPlanner(arms.movers[arm], arms.strokes_m[arm], arms.homes[arm], arms.outwards[arm])
            for arm in arms.homes
        }

    def begin(self, joints: FloatArray) -> None:
        """See Planner."""
        self._memory = BowlMemory()
        self._failures: dict[str, int] = {}
        self._stacked: list[str] = []
        self._job: _Job | None = None
        self._last: _Job | None = None
        self._free_s = 0.0  # since when, or from when on, nobody works
        self.trajectories = self._arms.trajectories(joints)

    def look(self, images: Images, moment: Moment) -> None:
        """See Planner."""
        jobs = [job for job in (self._job, self._last) if job is not None]
        in_hand = {job.pick.bowl.name for job in jobs if is_in_hand(moment.plan_s, job.pick.close_s, job.done_s)}
        for view in VIEWS:
            arm = self._arms.arm_of(view)
            speed_m_s = 0.0 if arm is None else self.trajectories[arm].speed_m_s(moment.plan_s - LAG_S)
            camera = self._arms.camera(view, moment.joints)
            self._memory.look(images[view], camera, moment.stamp_ns, speed_m_s, in_hand)

    def decide(self, moment: Moment) -> None:
        """See Planner."""
        if self._job is not None:
            self._go_on(self._job, moment)
        if self._job is None:
            self._begin_next(moment)

    def rows(self, times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """See Planner."""
        return self._arms.joint_rows(self.trajectories, times_s, joints)

    def _go_on(self, job: _Job, moment: Moment) -> None:
        pick, placement = job.pick, job.placement
        if moment.splice_s < pick.descend_s:
            self._refine(job, moment)
        elif moment.plan_s <= pick.closed_s + GRIP_SEEN_S:
            return
        elif placement is not None and moment.plan_s >= placement.release_s:
            if moment.next_splice_s > placement.done_s:
                self._finish(job, placement)
        elif not self._planners[job.arm].is_held(self._arms.opening(moment.joints, job.arm)):
            self._give_up(job, moment)
        elif placement is None and moment.next_splice_s > pick.lifted_s:
            self._place(job, moment)

    def _refine(self, job: _Job, moment: Moment) -> None:
        """Follow a better sighting."""
        bowl = job.pick.bowl
        grasp = self._planners[job.arm].grasp_vector(bowl, _middle(self._memory.bowls[bowl.name]))
        if np.hypot(*(grasp - job.pick.grasp)[:2]) > _SHIFT_M:
            self._begin(job.arm, bowl, moment.splice_s, moment)

    def _place(self, job: _Job, moment: Moment) -> None:
        target = self._memory.target
        assert target is not None
        bowl, start_s = job.pick.bowl, max(moment.splice_s, job.pick.lifted_s)
        try:
            placement = self._planners[job.arm].place(
                self.trajectories[job.arm], bowl, _middle(target), 1 + len(self._stacked), start_s, moment.joints
            )
        except PoseUnreachable:
            self._give_up(job, moment)
        else:
            self._job = replace(job, placement=placement)

    def _finish(self, job: _Job, placement: Placement) -> None:
        self._stacked.append(job.pick.bowl.name)
        self._memory.bowls.pop(job.pick.bowl.name, None)
        self._last, self._job, self._free_s = job, None, placement.done_s

    def _give_up(self, job: _Job, moment: Moment) -> None:
        """The bowl is not where it was thought to be: out of the way, and look again."""
        name, trajectory = job.pick.bowl.name, self.trajectories[job.arm]
        self._failures[name] = self._failures.get(name, 0) + 1
        self._memory.bowls.pop(name, None)
        trajectory.cut(moment.splice_s)
        self._planners[job.arm].go_home(trajectory, moment.splice_s, moment.joints)
        self._job, self._free_s = None, moment.splice_s

    def _begin_next(self, moment: Moment) -> None:
        bowl = self._choose(moment.plan_s)
        if bowl is not None:
            arm = self._arms.arm_beside(_middle(self._memory.bowls[bowl.name]))
            self._begin(arm, bowl, max(moment.splice_s, self._free_s), moment)
            self._send_home(set(self._planners) - {arm}, moment)

    def _send_home(self, arms: set[str], moment: Moment) -> None:
        """Have arms leave the table that are neither at home nor on their way there."""
        for arm in arms:
            trajectory = self.trajectories[arm]
            if np.abs(trajectory.end - self._arms.homes[arm]).max() > _AT_HOME:
                self._planners[arm].go_home(trajectory, moment.splice_s, moment.joints)

    def _begin(self, arm: str, bowl: Bowl, start_s: float, moment: Moment) -> None:
        """Plan to pick `bowl` up from `start_s` on, whatever the arm was to do then."""
        trajectory, planner = self.trajectories[arm], self._planners[arm]
        trajectory.cut(start_s)
        grasp = planner.grasp_vector(bowl, _middle(self._memory.bowls[bowl.name]))
        try:
            self._job = _Job(arm, planner.pick(trajectory, bowl, grasp, start_s, moment.joints))
        except PoseUnreachable:
            trajectory.cut(start_s)
            self._failures[bowl.name] = _MAX_FAILURES
            self._job = None

    def _choose(self, plan_s: float) -> Bowl | None:
        """The first in order, those that have failed often last; one that is not seen is waited for, but not for ever.

        What stands on the table again is not stacked.
        """
        if self._memory.target is None:
            return None
        self._stacked = [name for name in self._stacked if name not in self._memory.bowls]
        for bowl in sorted(SMALLER, key=lambda bowl: self._failures.get(bowl.name, 0) >= _MAX_FAILURES):
            if bowl.name in self._memory.bowls:
                return bowl
            if bowl.name not in self._stacked and plan_s < self._free_s + _PATIENCE_S:
                return None
        return None


def _middle(seen: Sighting) -> FloatArray:
    return np.array([seen.x_m, seen.y_m])


def stacking_session(
    embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration], prompt: str
) -> Session:
    """Return the session that stacks the smaller bowls of `bowls` into the largest.

    Raises ConfigError as TwoArms does.
    """
    arms = TwoArms(embodiment, kinematics, views)
    return Session(embodiment, lambda: Stacker(arms))
