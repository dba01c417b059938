"""Pressing buttons in the order of the prompt: which one next, decided where nobody has begun to execute the plan."""

import math
from collections.abc import Mapping

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.policies.buttons import TOP_M, ButtonMemory, asked_for
from ros_wam.policies.planner import Images, Moment
from ros_wam.policies.press import Press, go_over, plan_press
from ros_wam.policies.progress import LAG_S
from ros_wam.policies.session import Session
from ros_wam.policies.single_arm import SingleArm
from ros_wam.types import FloatArray

_DEPTH_M = 0.010  # of a press: it counts from 6 mm on, and the button is at its stop at 14 mm
_SURE_M = 0.009  # the fingers are 22 mm wide, and the button 50 mm
_SHIFT_M = 0.0015  # a better sighting that changes the plan
_PATIENCE_S = 3.0  # above a button that cannot be seen well
_MAX_TRIES = 3
_STUCK_NS, _STILL_M = 5_000_000_000, 0.001  # a tool that stays there for so long is held up


class Presser:
    """A Planner that presses the buttons of some colours in order, and then rests at home.

    While it does not see the next one it looks for it from home. A press in which the tool did not come down, or stood
    still for 5 s as when something holds it up, is tried again, from above; after three the button is passed over. A
    tool that cannot even go up is halted, and that is no try. How far down the tool came is all that tells of a press.
    What was pressed or passed over stays so when it begins anew.
    How hard it presses is bounded by how far: `_DEPTH_M` below where the button's top is known to be.
    """

    def __init__(self, arm: SingleArm, colours: tuple[str, ...]) -> None:
        self._arm = arm
        self._left = list(colours)
        self._bottom_m = TOP_M - _DEPTH_M + arm.tip_m
        self._tries = 0

    def begin(self, joints: FloatArray) -> None:
        """See Planner."""
        self._memory = ButtonMemory()
        self._job: Press | None = None
        self._stuck_at: FloatArray | None = None  # where the last press ended, if it stuck and the tool is still there
        self._forget_press()
        self.trajectory = self._arm.trajectory(joints)

    def look(self, images: Images, moment: Moment) -> None:
        """See Planner."""
        seen_s = moment.plan_s - LAG_S
        pressing = self._job.colour if self._job is not None and seen_s > self._job.descend_s else ""
        speed_m_s = self.trajectory.speed_m_s(seen_s)
        at_base, at_tool = (self._arm.camera(view, moment.joints) for view in ("global", "wrist"))
        self._memory.look(images["global"], at_base, moment.stamp_ns, skip=pressing)
        self._memory.look(images["wrist"], at_tool, moment.stamp_ns, speed_m_s, pressing)

    def decide(self, moment: Moment) -> None:
        """See Planner."""
        tool = self._arm.tool(moment.joints)[:3]
        if self._stuck_at is not None and np.linalg.norm(tool - self._stuck_at) > _STILL_M:
            self._stuck_at = None
        if self._job is not None and self._is_stuck(self._job, moment, tool):
            self.trajectory = self._arm.trajectory(moment.joints)  # what holds it up would hold up the way on
            self._end_press(self._job, moment, moment.splice_s)
            self._stuck_at = tool
            return
        if self._job is not None and moment.splice_s < self._job.descend_s:
            self._refine(self._job, moment)
        if self._job is None:  # where nothing is being executed, at once
            self._begin_next(moment, moment.plan_s if moment.plan_s >= self.trajectory.end_s else moment.splice_s)
        elif moment.next_splice_s > self._job.done_s:
            self._end_press(self._job, moment, max(moment.splice_s, self._job.done_s))

    def _forget_press(self) -> None:
        self._lowest_m, self._told = math.inf, False  # how low the tool came, and whether that tells of the press
        self._still: tuple[int, FloatArray] | None = None  # since when, and where, the tool has not moved

    def rows(self, times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """See Planner."""
        return self._arm.rows(self.trajectory, times_s, joints)

    def _refine(self, job: Press, moment: Moment) -> None:
        """Follow a better sighting; wait above the button until it has been seen well enough, but not for ever."""
        seen = self._memory.seen[job.colour]
        sure = seen.error_at(moment.stamp_ns) <= _SURE_M or moment.plan_s > job.hover_s + _PATIENCE_S
        shifted = np.hypot(*(self._bottom(job.colour) - job.bottom)[:2]) > _SHIFT_M
        if shifted or (sure and job.descend_s > job.hover_s):
            self._plan(job.colour, moment, moment.splice_s, 0.0 if sure else moment.next_splice_s)
        elif not sure and job.descend_s < moment.next_splice_s:
            self._plan(job.colour, moment, moment.splice_s, moment.next_splice_s)

    def _is_stuck(self, job: Press, moment: Moment, tool: FloatArray) -> bool:
        """Watch how far down the tool comes; return whether it has not moved for a while though it should press."""
        seen_s = moment.plan_s - LAG_S
        if seen_s < job.descend_s:
            self._still = None
            return False
        self._lowest_m = min(self._lowest_m, float(tool[2]))
        if self._still is None or np.linalg.norm(tool - self._still[1]) > _STILL_M:
            self._still = moment.stamp_ns, tool
        stuck = moment.stamp_ns - self._still[0] >= _STUCK_NS
        self._told |= seen_s < job.leave_s and (stuck or seen_s >= job.down_s)
        return stuck

    def _end_press(self, job: Press, moment: Moment, start_s: float) -> None:
        """It is the next button's turn, or the same one's again."""
        self._tries += self._stuck_at is None  # a robot that has not even gone up again is halted
        if not (self._told and job.fell_short(self._lowest_m)) or self._tries == _MAX_TRIES:
            self._left.pop(0)
            self._tries = 0
        self._begin_next(moment, start_s)

    def _begin_next(self, moment: Moment, start_s: float) -> None:
        """Go for the next button, which is the same again where the tool was kept from pressing it."""
        self._job = None
        self._forget_press()
        if self._left and self._left[0] in self._memory.seen:
            self._plan(self._left[0], moment, start_s, 0.0)
        elif np.abs(self.trajectory.end - self._arm.home).max() > 1e-3 and self._memory.seen:
            self.trajectory.cut(start_s)
            self.trajectory.grip(1.0, go_over(self._arm.mover, self.trajectory, self._arm.home, start_s, moment.joints))

    def _plan(self, colour: str, moment: Moment, start_s: float, descend_after_s: float) -> None:
        self.trajectory.cut(start_s)
        where = self.trajectory, colour, self._bottom(colour)
        try:
            self._job = plan_press(self._arm.mover, *where, start_s, moment.joints, descend_after_s)
        except PoseUnreachable:  # what was seen cannot be there: look again
            self.trajectory.cut(start_s)
            self._memory.seen.pop(colour)
            self._job = None

    def _bottom(self, colour: str) -> FloatArray:
        seen = self._memory.seen[colour]
        return np.array([seen.x_m, seen.y_m, self._bottom_m, self._arm.home[3], 0.0, 0.0])


def pressing_session(
    embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration], prompt: str
) -> Session:
    """Return the session that presses the buttons whose colours the prompt names, in its order.

    Raises SpecError when it names none, ConfigError as SingleArm does.
    """
    colours, arm = asked_for(prompt), SingleArm(embodiment, kinematics, views)
    return Session(embodiment, lambda: Presser(arm, colours))
