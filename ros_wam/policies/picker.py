"""Tidying up: what to pick up next, decided on the part of the plan that nobody has begun to execute."""

import contextlib
from collections.abc import Mapping

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.policies.grasp import grasp_vectors, is_held
from ros_wam.policies.in_hand import GRIP_SEEN_S, is_in_hand
from ros_wam.policies.pick_place import PickPlace, PickPlacePlanner
from ros_wam.policies.planner import Images, Moment
from ros_wam.policies.progress import LAG_S
from ros_wam.policies.scene_memory import SceneMemory
from ros_wam.policies.session import Session
from ros_wam.policies.single_arm import SingleArm
from ros_wam.policies.things import CLUTTER, Thing
from ros_wam.types import FloatArray

_SURE_M = 0.009  # the fingers have 15 mm of room on either side
_SHIFT_M, _SHIFT_RAD = 0.0015, 0.03  # a better sighting that changes the plan
_PATIENCE_S = 3.0  # above a thing that cannot be seen well
_MAX_FAILURES = 5


class Picker:
    """A Planner that picks up clutter until none is seen outside of the box, and then rests at home.

    While it sees nothing it stays where it is.
    """

    def __init__(self, arm: SingleArm) -> None:
        self._arm = arm
        self._planner = PickPlacePlanner(arm.mover, arm.stroke_m)

    def begin(self, joints: FloatArray) -> None:
        """See Planner."""
        self._memory = SceneMemory(self._arm.workspace)
        self._failures: dict[str, int] = {}
        self._job: PickPlace | None = None
        self._last: PickPlace | None = None
        self.trajectory = self._arm.trajectory(joints)

    def look(self, images: Images, moment: Moment) -> None:
        """See Planner."""
        seen_s = moment.plan_s - LAG_S
        speed_m_s = 0.0 if self.rests(seen_s, moment.joints) else self.trajectory.speed_m_s(seen_s)
        jobs = [job for job in (self._job, self._last) if job is not None]
        in_hand = {job.thing.name for job in jobs if is_in_hand(moment.plan_s, job.close_s, job.done_s)}
        at_base, at_tool = (self._arm.camera(view, moment.joints) for view in ("global", "wrist"))
        self._memory.look(images["global"], at_base, moment.stamp_ns, skip=in_hand, find_box=True)
        self._memory.look(images["wrist"], at_tool, moment.stamp_ns, speed_m_s, in_hand)

    def rests(self, plan_s: float, joints: FloatArray) -> bool:
        """Return whether the robot does not move: the plan is over, or what is left of it is to arrive at home."""
        if plan_s >= self.trajectory.end_s:
            return True
        return self._job is None and self._homeward() and self._arm.is_home(joints)

    def decide(self, moment: Moment) -> None:
        """See Planner."""
        job = self._job
        if job is not None:
            if moment.splice_s < job.descend_s:
                self._refine(job, moment)
            elif job.closed_s + GRIP_SEEN_S <= moment.plan_s < job.release_s:
                self._check_grip(job, moment)
        if self._job is None or moment.next_splice_s > self._job.done_s:
            self._begin_next(moment)

    def rows(self, times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """See Planner."""
        return self._arm.rows(self.trajectory, times_s, joints)

    def _refine(self, job: PickPlace, moment: Moment) -> None:
        """Follow a better sighting; wait above the thing until it has been seen well enough."""
        seen = self._memory.clutter.get(job.thing.name)
        if seen is None or moment.plan_s > job.hover_s + _PATIENCE_S:
            self._give_up(job, moment)
            return
        sure = seen.error_at(moment.stamp_ns) <= _SURE_M
        grasps = self._grasps(job.thing, job.grasp[3])
        shift = np.abs(grasps[0] - job.grasp)
        shifted = np.hypot(*shift[:2]) > _SHIFT_M or shift[3] > _SHIFT_RAD
        waiting = job.descend_s > job.hover_s
        if sure and not shifted and not waiting:
            return
        if not sure and not shifted and job.descend_s >= moment.next_splice_s:
            return
        descend_after_s = 0.0 if sure else moment.next_splice_s
        self._plan(job.thing, grasps, moment, moment.splice_s, descend_after_s)

    def _check_grip(self, job: PickPlace, moment: Moment) -> None:
        if not is_held(job.thing, self._arm.opening(moment.joints), self._arm.stroke_m):
            self._give_up(job, moment)

    def _give_up(self, job: PickPlace, moment: Moment) -> None:
        """The thing is not where it was thought to be: look again, elsewhere first."""
        self._failures[job.thing.name] = self._failures.get(job.thing.name, 0) + 1
        self._memory.clutter.pop(job.thing.name, None)
        self.trajectory.cut(moment.splice_s)
        self._job = None

    def _begin_next(self, moment: Moment) -> None:
        """Go for the next thing, or home when there is none; while nothing has been seen, stay."""
        start_s = moment.splice_s
        if self._job is not None:
            start_s = max(start_s, self._job.done_s)
            self._memory.clutter.pop(self._job.thing.name, None)
        elif self.rests(moment.plan_s, moment.joints):
            start_s = moment.plan_s  # nothing is being executed
            self._failures.clear()
        self._last, self._job = self._job or self._last, None
        while self._job is None and (thing := self._choose()) is not None:
            self._plan(thing, self._grasps(thing, float(self.trajectory.end[3])), moment, start_s, 0.0)
        if self._job is None and self._sees_something() and not self._homeward():
            self.trajectory.cut(start_s)
            self._planner.go_home(self.trajectory, self._arm.home, start_s, moment.joints)

    def _plan(
        self, thing: Thing, grasps: list[FloatArray], moment: Moment, start_s: float, descend_after_s: float
    ) -> None:
        """Take the first of the grasps that the arm can reach; where it can reach none, give the thing up for now."""
        box = self._memory.box
        assert box is not None
        self._job = None
        for grasp in grasps:
            self.trajectory.cut(start_s)
            with contextlib.suppress(PoseUnreachable):
                where = self.trajectory, thing, grasp, box
                self._job = self._planner.pick_place(*where, start_s, moment.joints, descend_after_s)
                return
        self.trajectory.cut(start_s)
        self._failures[thing.name] = _MAX_FAILURES

    def _choose(self) -> Thing | None:
        """The nearest of what has failed least; nothing without a box to put it in."""
        here = self.trajectory.end[:2]

        def cost(thing: Thing) -> tuple[int, float]:
            seen = self._memory.clutter[thing.name]
            return self._failures.get(thing.name, 0), float(np.hypot(*(here - [seen.x_m, seen.y_m])))

        there = [thing for thing in CLUTTER if thing.name in self._memory.clutter]
        there = [thing for thing in there if self._failures.get(thing.name, 0) < _MAX_FAILURES]
        return min(there, key=cost, default=None) if self._memory.box is not None else None

    def _grasps(self, thing: Thing, yaw_now: float) -> list[FloatArray]:
        others = {name: seen for name, seen in self._memory.clutter.items() if name != thing.name}
        seen = self._memory.clutter[thing.name]
        return grasp_vectors(thing, seen, others, yaw_now, float(self._arm.home[3]), self._arm.stroke_m)

    def _sees_something(self) -> bool:
        return self._memory.box is not None or bool(self._memory.clutter)

    def _homeward(self) -> bool:
        return bool(np.abs(self.trajectory.end - self._arm.home).max() < 1e-3)


def tidying_session(
    embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration], prompt: str
) -> Session:
    """Return the session that tidies whatever of `things.CLUTTER` lies outside of the box into the box.

    Raises ConfigError as SingleArm does.
    """
    arm = SingleArm(embodiment, kinematics, views)
    return Session(embodiment, lambda: Picker(arm))
