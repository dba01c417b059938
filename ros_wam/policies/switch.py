"""Turning on a light switch: look at it from near, press its green half with closed fingers, look whether it is lit."""

from collections.abc import Mapping

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.mover import SETTLE_S
from ros_wam.policies.panel import Panel, find_green, find_panel, sees_light
from ros_wam.policies.planner import Images, Moment
from ros_wam.policies.session import Session
from ros_wam.policies.single_arm import SingleArm
from ros_wam.types import FloatArray

_USUAL_HEIGHT_M = 0.18  # of a switch that has not been seen yet
_PROUD_M = 0.0255  # the middle of the green half before the panel's front while the switch is off
_FLAT_M = 0.023  # the switch's surface half-way
_LOOK_M = 0.075  # from the switch: the wrist camera sees all of it above the closed fingers
_OFF_M = 0.012  # farther from where it is to be looked at from: it has to be looked at again
_UP_M = 0.003  # from the middle of the green half, away from the axle
_DEPTH_M = 0.005  # beyond half-way: the switch is at its stop by then
_DEEPER_M = 0.004  # at each further press: the panel may be farther away than it looked
_PRESSES = 3
_PRESS_SPEED_M_S = 0.08  # at most; the fingers meet the switch half as fast
_PRESSING_S = 0.35
_STILL_S = 0.15  # after which a picture shows what is, from where the arm is
_PATIENCE_S = 3.0


class Switcher:
    """A Planner that turns on a light switch on a panel in front of the arm, and then rests at home.

    While it sees no panel it stays where it is; after three presses without light it gives up. How hard it presses is
    bounded by how far: `_DEPTH_M` beyond half-way.
    """

    def __init__(self, arm: SingleArm) -> None:
        self._arm = arm
        self._tip_m = arm.tip_m

    def begin(self, joints: FloatArray) -> None:
        """See Planner."""
        self._panel: Panel | None = None
        self._green: FloatArray | None = None
        self._sure = self._lit = False
        self._there_s: float | None = None  # when the arm is where it can look at the switch from
        self._presses = 0
        self.trajectory = self._arm.trajectory(joints)

    def look(self, images: Images, moment: Moment) -> None:
        """See Planner."""
        self._panel = find_panel(images["global"], self._arm.camera("global", moment.joints)) or self._panel
        if self._panel is None:
            return
        self._lit = self._lit or sees_light(images["wrist"])  # from home it may be out of sight
        green = find_green(images["wrist"], self._arm.camera("wrist", moment.joints), self._panel, _PROUD_M)
        self._sure = green is not None and green.whole and self._is_still(moment)
        if green is not None and self._sure:
            self._panel = self._panel.at(green.middle_m, _PROUD_M)
        if green is not None and (self._sure or self._green is None):
            self._green = green.middle_m

    def decide(self, moment: Moment) -> None:
        """See Planner."""
        there_s = self._there_s or 0.0  # on the way to look, and through a press, nothing is decided
        if self._panel is None or moment.next_splice_s <= there_s:
            return
        start_s = max(moment.splice_s, there_s)
        try:
            self._go_on(self._panel, moment, start_s)
        except PoseUnreachable:  # it cannot be there: look again
            self.trajectory.cut(start_s)
            self._panel = self._green = self._there_s = None

    def rows(self, times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """See Planner."""
        return self._arm.rows(self.trajectory, times_s, joints)

    def _go_on(self, panel: Panel, moment: Moment, start_s: float) -> None:
        if self._lit or self._presses >= _PRESSES:
            self._go_home(start_s, moment.joints)
        elif self._there_s is None:
            self._draw_near(panel, start_s, moment.joints)
        elif self._sure and self._green is not None:
            away_m = self._facing(panel, self._green, _FLAT_M + _LOOK_M)[:3] - self.trajectory.end[:3]
            if np.linalg.norm(away_m) > _OFF_M:
                self._draw_near(panel, start_s, moment.joints)
            else:
                self._press(panel, self._green, start_s, moment.joints)
        elif moment.plan_s > self._there_s + _PATIENCE_S:
            self._green = self._there_s = None

    def _is_still(self, moment: Moment) -> bool:
        return self._there_s is not None and moment.plan_s > self._there_s + _STILL_S

    def _draw_near(self, panel: Panel, start_s: float, seed: FloatArray) -> None:
        """Add the way to where the switch can be seen whole; the fingers close on the way."""
        switch_m = np.append(panel.front_m, _USUAL_HEIGHT_M) if self._green is None else self._green
        vector = self._facing(panel, switch_m, _FLAT_M + _LOOK_M)
        self.trajectory.cut(start_s)
        self.trajectory.grip(0.0, start_s)
        self._arm.mover.go(self.trajectory, vector, start_s, seed)
        self._there_s = max(self.trajectory.end_s, start_s)

    def _press(self, panel: Panel, green_m: FloatArray, start_s: float, seed: FloatArray) -> None:
        """Add the press: to before the green half, straight in, back to where it can be seen."""
        target_m = green_m + np.array([0.0, 0.0, _UP_M])
        before = self._facing(panel, target_m, _FLAT_M + _LOOK_M)
        pressed = self._facing(panel, target_m, _FLAT_M - _DEPTH_M - self._presses * _DEEPER_M)
        trajectory, mover = self.trajectory, self._arm.mover
        trajectory.cut(start_s)
        ready_s = mover.go(trajectory, before, start_s, seed)
        in_s = mover.go(trajectory, pressed, ready_s, seed, _PRESS_SPEED_M_S)
        self._there_s = mover.go(trajectory, before, in_s + SETTLE_S + _PRESSING_S, seed, 2 * _PRESS_SPEED_M_S)
        self._presses += 1

    def _go_home(self, start_s: float, seed: FloatArray) -> None:
        if np.abs(self.trajectory.end - self._arm.home).max() < 1e-3:
            return
        self.trajectory.cut(start_s)
        self.trajectory.grip(1.0, start_s)
        self._arm.mover.go(self.trajectory, self._arm.home, start_s, seed)

    def _facing(self, panel: Panel, point_m: FloatArray, distance_m: float) -> FloatArray:
        """Return the tool vector `(6,)` that points level at the panel, finger tips that far before it at `point_m`."""
        inwards = np.append(-panel.normal, 0.0)
        down = np.array([0.0, 0.0, -1.0])
        pose = np.eye(4)
        pose[:3, :3] = np.column_stack([np.cross(down, inwards), down, inwards])
        pose[:3, 3] = panel.before(point_m, distance_m + self._tip_m)
        return tool_vector.from_matrix(pose)


def switching_session(
    embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration], prompt: str
) -> Session:
    """Return the session that turns on a light switch. Raises ConfigError as SingleArm does."""
    arm = SingleArm(embodiment, kinematics, views)
    return Session(embodiment, lambda: Switcher(arm))
