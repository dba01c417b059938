"""What to do next: the decisions of the baseline, made on the part of the plan that nobody has begun to execute."""

from dataclasses import dataclass

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.grasp import grasp_vector, is_held
from ros_wam.policies.pick_place import PickPlace, PickPlacePlanner
from ros_wam.policies.scene_memory import SceneMemory
from ros_wam.policies.things import CLUTTER, Thing
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

_SURE_M = 0.009  # the fingers have 15 mm of room on either side
_SHIFT_M, _SHIFT_RAD = 0.0015, 0.03  # a better sighting that changes the plan
_PATIENCE_S = 3.0  # above a thing that cannot be seen well
_GRIP_SEEN_S = 0.1
_LET_GO_S = 0.6  # after which what was dropped lies still
_MAX_FAILURES = 5
_AT_HOME_RAD = 0.02


@dataclass(frozen=True, eq=False)
class Moment:
    """A call: where the robot is in plan time, from when on the plan may change now and at the next call; joints."""

    stamp_ns: int
    plan_s: float
    splice_s: float
    next_splice_s: float
    joints: FloatArray


class Picker:
    """Picks up clutter until none is seen outside of the box. Holds the trajectory it has decided on so far."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics, memory: SceneMemory, joints: FloatArray) -> None:
        """Begin at rest at `joints` `(n,)`; plan time 0 is now."""
        self._planner = PickPlacePlanner(embodiment, kinematics)
        self._memory = memory
        self._home_joints = embodiment.home_position[~embodiment.is_gripper]
        self._arm = ~embodiment.is_gripper
        self._gripper = int(np.flatnonzero(embodiment.is_gripper)[0])
        self._stroke_m = next(iter(embodiment.grippers.values())).stroke_m
        self._home = tool_vector.from_matrix(kinematics.tool_pose(embodiment.home_position))
        self._failures: dict[str, int] = {}
        self._job: PickPlace | None = None
        self._last: PickPlace | None = None
        start = tool_vector.from_matrix(kinematics.tool_pose(joints))
        self.trajectory = Trajectory(start, float(joints[self._gripper]))

    def in_hand(self, plan_s: float) -> set[str]:
        """Return the names of what is in the fingers, or falls from them: no view tells where that stands."""
        jobs = [job for job in (self._job, self._last) if job is not None]
        return {job.thing.name for job in jobs if job.close_s - 0.2 < plan_s < job.done_s + _LET_GO_S}

    def rests(self, plan_s: float, joints: FloatArray) -> bool:
        """Return whether the robot does not move: the plan is over, or what is left of it is to arrive at home."""
        if plan_s >= self.trajectory.end_s:
            return True
        away = np.abs(joints[self._arm] - self._home_joints)
        return self._job is None and self._homeward() and bool((away < _AT_HOME_RAD).all())

    def decide(self, moment: Moment) -> None:
        """Change the trajectory from `moment.splice_s` on, if there is reason to."""
        job = self._job
        if job is not None:
            if moment.splice_s < job.descend_s:
                self._refine(job, moment)
            elif job.closed_s + _GRIP_SEEN_S <= moment.plan_s < job.release_s:
                self._check_grip(job, moment)
        if self._job is None or moment.next_splice_s > self._job.done_s:
            self._begin_next(moment)

    def _refine(self, job: PickPlace, moment: Moment) -> None:
        """Follow a better sighting; wait above the thing until it has been seen well enough."""
        seen = self._memory.clutter.get(job.thing.name)
        if seen is None or moment.plan_s > job.hover_s + _PATIENCE_S:
            self._give_up(job, moment)
            return
        sure = seen.error_at(moment.stamp_ns) <= _SURE_M
        grasp = self._grasp(job.thing, job.grasp[3])
        shift = np.abs(grasp - job.grasp)
        shifted = np.hypot(*shift[:2]) > _SHIFT_M or shift[3] > _SHIFT_RAD
        waiting = job.descend_s > job.hover_s
        if sure and not shifted and not waiting:
            return
        if not sure and not shifted and job.descend_s >= moment.next_splice_s:
            return
        descend_after_s = 0.0 if sure else moment.next_splice_s
        self._plan(job.thing, grasp, moment, moment.splice_s, descend_after_s)

    def _check_grip(self, job: PickPlace, moment: Moment) -> None:
        if not is_held(job.thing, float(moment.joints[self._gripper]), self._stroke_m):
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
        thing = self._choose()
        self._last, self._job = self._job or self._last, None
        if thing is not None:
            yaw = float(self.trajectory.end[3])
            self._plan(thing, self._grasp(thing, yaw), moment, start_s, 0.0)
        elif (self._memory.box is not None or self._memory.clutter) and not self._homeward():
            self.trajectory.cut(start_s)
            self._planner.go_home(self.trajectory, self._home, start_s, moment.joints)

    def _plan(self, thing: Thing, grasp: FloatArray, moment: Moment, start_s: float, descend_after_s: float) -> None:
        box = self._memory.box
        assert box is not None
        self.trajectory.cut(start_s)
        try:
            self._job = self._planner.pick_place(
                self.trajectory, thing, grasp, box, start_s, moment.joints, descend_after_s
            )
        except PoseUnreachable:
            self.trajectory.cut(start_s)
            self._failures[thing.name] = _MAX_FAILURES
            self._job = None

    def _choose(self) -> Thing | None:
        """The nearest of what has failed least; nothing without a box to put it in."""
        here = self.trajectory.end[:2]

        def cost(thing: Thing) -> tuple[int, float]:
            seen = self._memory.clutter[thing.name]
            return self._failures.get(thing.name, 0), float(np.hypot(*(here - [seen.x_m, seen.y_m])))

        there = [thing for thing in CLUTTER if thing.name in self._memory.clutter]
        there = [thing for thing in there if self._failures.get(thing.name, 0) < _MAX_FAILURES]
        return min(there, key=cost, default=None) if self._memory.box is not None else None

    def _grasp(self, thing: Thing, yaw_now: float) -> FloatArray:
        others = {name: seen for name, seen in self._memory.clutter.items() if name != thing.name}
        seen = self._memory.clutter[thing.name]
        return grasp_vector(thing, seen, others, yaw_now, float(self._home[3]), self._stroke_m)

    def _homeward(self) -> bool:
        return bool(np.abs(self.trajectory.end - self._home).max() < 1e-3)
