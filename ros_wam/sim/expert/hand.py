"""The hand on a leader: it goes from waypoint to waypoint, and waits where the robot is behind, as a person does."""

from collections.abc import Iterator

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.mover import Mover
from ros_wam.policies.trajectory import Trajectory
from ros_wam.pose_path import solve_next
from ros_wam.sim.expert.tool import tool_at
from ros_wam.sim.expert.waypoint import Waypoint
from ros_wam.types import FloatArray

_NEAR_SHARE, _FAR_SHARE = 0.5, 0.9  # of the start distance: at its full pace below, at rest above
_AHEAD_S = 0.07  # where a robot was sent it is measured so much later
_PATIENCE_S = 1.5  # with a robot that does not quite arrive: something is in its way


class Hand:
    """Moves a leader from where the robot is, through what `script` asks for; at its end it rests.

    `script` is asked for the next waypoint when it is time to set off: what it sees then decides.
    """

    def __init__(
        self, embodiment: Embodiment, kinematics: Kinematics, script: Iterator[Waypoint], joints: FloatArray
    ) -> None:
        self._embodiment, self._kinematics, self._script = embodiment, kinematics, script
        self._arm = ~embodiment.is_gripper
        self._near_rad = _NEAR_SHARE * embodiment.start_distance_rad
        self._far_rad = _FAR_SHARE * embodiment.start_distance_rad
        self._movers = {arm: Mover(embodiment, kinematics, arm) for arm in embodiment.arms}
        self._grippers = {name: embodiment.joint_names.index(arm.gripper) for name, arm in embodiment.arms.items()}
        self._columns = {
            name: np.array([joint in arm.joints for joint in embodiment.joint_names])
            for name, arm in embodiment.arms.items()
        }
        self._trajectories = {
            arm: Trajectory(tool_at(embodiment, kinematics, joints, arm), float(joints[gripper]))
            for arm, gripper in self._grippers.items()
        }
        self._rows = [joints]
        self._waypoint: Waypoint | None = None
        self._plan_s = self._end_s = 0.0
        self._late_s = 0.0  # how long the robot has been expected
        self._there_s: float | None = None
        self.finished = False

    def beat(self, passed_s: float, position: FloatArray, velocity: FloatArray) -> FloatArray:
        """Return where the leader is now, `(n,)`, `passed_s` after the last time; the robot is at `position` `(n,)`."""
        away_rad = self._away(position)
        pace = (self._far_rad - self._away(position + _AHEAD_S * velocity)) / (self._far_rad - self._near_rad)
        self._plan_s += passed_s * min(max(pace, 0.0), 1.0)
        if not self.finished and self._is_done(passed_s, away_rad):
            self._go_on()
        self._rows = [*self._rows[-1:], self._joints()]
        return self._rows[-1]

    def _away(self, position: FloatArray) -> float:
        return float(np.abs(self._rows[-1] - position)[self._arm].max())

    def _is_done(self, passed_s: float, away_rad: float) -> bool:
        """Return whether it is time for the next waypoint."""
        waypoint = self._waypoint
        if waypoint is None or (waypoint.early_s > 0.0 and self._plan_s >= self._end_s - waypoint.early_s):
            return True
        if self._plan_s < self._end_s - 1e-9:
            return False
        self._late_s += passed_s
        if self._there_s is None and (away_rad <= waypoint.within_rad or self._late_s > _PATIENCE_S):
            self._there_s = self._late_s
        return self._there_s is not None and self._late_s >= self._there_s + waypoint.wait_s - 1e-9

    def _go_on(self) -> None:
        try:
            self._waypoint = next(self._script, None)
            self.finished = self._waypoint is None
            if self._waypoint is not None:
                self._set_off(self._waypoint)
        except PoseUnreachable:  # there is no going on
            self.finished = True

    def _set_off(self, waypoint: Waypoint) -> None:
        trajectory = self._trajectories[waypoint.arm]
        trajectory.cut(self._plan_s)
        trajectory.grip(waypoint.opening, self._plan_s)
        where = waypoint.tool, self._plan_s, self._rows[-1], waypoint.speed_m_s
        self._end_s = max(self._movers[waypoint.arm].go(trajectory, *where), self._plan_s)
        self._late_s, self._there_s = 0.0, None

    def _joints(self) -> FloatArray:
        joints, time_s = self._rows[-1], np.array([self._plan_s])
        for arm, trajectory in self._trajectories.items():
            pose = tool_vector.to_matrix(trajectory.at(time_s)[0])
            try:
                solved = solve_next(self._embodiment, self._kinematics, pose, self._rows, joints, arm)
            except PoseUnreachable:  # the straight way leaves the arm's reach: it stays until that has come back
                solved = joints
            joints = np.where(self._columns[arm], solved, joints)
            joints[self._grippers[arm]] = trajectory.opening_at(time_s)[0]
        return joints
