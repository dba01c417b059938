"""What a planner for two arms that face each other needs of its robot."""

from collections.abc import Mapping

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.joint_rows import joint_rows
from ros_wam.policies.mover import Mover
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

VIEWS = ("high", "left_wrist", "right_wrist")  # the one that sees everything first


class TwoArms:
    """A robot with two arms in one base frame, a camera at each tool and one above. By arm: tool vectors `(6,)`."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration]) -> None:
        """Raises ConfigError unless the robot has two arms in one base frame and the views `VIEWS`."""
        frames = [arm.base_frame for arm in embodiment.arms.values()]
        if len(frames) != 2 or frames[0] != frames[1]:
            raise ConfigError(f"baseline: arms of {embodiment.name} stand on {frames}, this work needs 2 on one frame")
        missing = [view for view in VIEWS if view not in views]
        if missing:
            raise ConfigError(f"baseline: {embodiment.name} has no view {', '.join(missing)}; this work needs: {VIEWS}")
        self._embodiment, self._kinematics, self._views = embodiment, kinematics, views
        self._arm_at = {arm.tool_site: name for name, arm in embodiment.arms.items()}
        self._grippers = {name: embodiment.joint_names.index(arm.gripper) for name, arm in embodiment.arms.items()}
        self.strokes_m = {name: embodiment.grippers[arm.gripper].stroke_m for name, arm in embodiment.arms.items()}
        self.movers = {name: Mover(embodiment, kinematics, name) for name in embodiment.arms}
        self.homes = self._tools(embodiment.home_position)
        first, second = self.homes
        apart = self.homes[first][:2] - self.homes[second][:2]
        away = apart / np.linalg.norm(apart)
        self.outwards: dict[str, FloatArray] = {first: away, second: -away}
        """By arm: `(2,)`, horizontally away from the other arm."""

    def _tools(self, joints: FloatArray) -> dict[str, FloatArray]:
        return {arm: tool_vector.from_matrix(self._kinematics.tool_pose(joints, arm)) for arm in self._embodiment.arms}

    def opening(self, arm: str, joints: FloatArray) -> float:
        """Return how far the arm's gripper is open, 0–1."""
        return float(joints[self._grippers[arm]])

    def arm_of(self, view: str) -> str | None:
        """Return the arm that carries the camera of a view; None for a camera that stands still."""
        return self._arm_at.get(self._views[view].frame)

    def arm_beside(self, place_m: FloatArray) -> str:
        """Return the arm on whose side `place_m` `(2,)` is."""
        return min(self.homes, key=lambda arm: float(np.linalg.norm(self.homes[arm][:2] - place_m)))

    def camera(self, view: str, joints: FloatArray) -> PlacedCamera:
        """Return the camera of a view, placed as it was at the joint positions `(n,)`."""
        arm = self.arm_of(view)
        return PlacedCamera(self._views[view], np.eye(4) if arm is None else self._kinematics.tool_pose(joints, arm))

    def trajectories(self, joints: FloatArray) -> dict[str, Trajectory]:
        """Return trajectories that rest at `joints` `(n,)`."""
        tools = self._tools(joints)
        for arm, tool in tools.items():  # the way home never leads round the back
            tool[3] += 2 * np.pi * np.round((self.homes[arm][3] - tool[3]) / (2 * np.pi))
        return {arm: Trajectory(tool, self.opening(arm, joints)) for arm, tool in tools.items()}

    def rows(self, trajectories: Mapping[str, Trajectory], times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """Return joint positions `(k, n)`; see `joint_rows`."""
        return joint_rows(self._embodiment, self._kinematics, trajectories, times_s, joints)
