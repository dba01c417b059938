"""What a planner for one arm with one gripper needs of its robot."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policies import fingertips, tool_vector
from ros_wam.policies.joint_rows import joint_rows
from ros_wam.policies.mover import Mover
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

VIEWS = ("wrist", "global")
_AT_HOME_RAD = 0.02


class SingleArm:
    """A robot with one arm, a camera at its tool and one that looks at the table. Vectors are tool vectors `(6,)`."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration]) -> None:
        """Raises ConfigError unless the robot has one arm and the views `VIEWS`."""
        if len(embodiment.arms) != 1:
            raise ConfigError(f"baseline: {embodiment.name} has {len(embodiment.arms)} arms, this work needs 1")
        missing = [view for view in VIEWS if view not in views]
        if missing:
            raise ConfigError(f"baseline: {embodiment.name} has no view {', '.join(missing)}; this work needs: {VIEWS}")
        self._embodiment, self._kinematics, self._views = embodiment, kinematics, views
        ((self._name, self._arm),) = embodiment.arms.items()
        self._gripper = embodiment.joint_names.index(self._arm.gripper)
        self._joints = ~embodiment.is_gripper
        self.workspace = self._arm.workspace
        self.stroke_m = embodiment.grippers[self._arm.gripper].stroke_m
        self.home = self.tool(embodiment.home_position)
        self.mover = Mover(embodiment, kinematics, self._name)

    @cached_property
    def tip_m(self) -> float:
        """How far the fingers reach beyond the tool site [m]."""
        return fingertips.reach_m(self._embodiment, self._name)

    def tool(self, joints: FloatArray) -> FloatArray:
        """Return where the tool is at the joint positions `(n,)`."""
        return tool_vector.from_matrix(self._kinematics.tool_pose(joints))

    def opening(self, joints: FloatArray) -> float:
        """Return how far the gripper is open, 0–1."""
        return float(joints[self._gripper])

    def is_home(self, joints: FloatArray) -> bool:
        """Return whether every joint of the arm is at home."""
        away = np.abs(joints - self._embodiment.home_position)[self._joints]
        return bool((away < _AT_HOME_RAD).all())

    def camera(self, view: str, joints: FloatArray) -> PlacedCamera:
        """Return the camera of a view, placed as it was at the joint positions `(n,)`."""
        calibration = self._views[view]
        at_tool = calibration.frame == self._arm.tool_site
        return PlacedCamera(calibration, self._kinematics.tool_pose(joints) if at_tool else np.eye(4))

    def trajectory(self, joints: FloatArray) -> Trajectory:
        """Return the trajectory that rests at `joints` `(n,)`."""
        return Trajectory(self.tool(joints), self.opening(joints))

    def rows(self, trajectory: Trajectory, times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """Return joint positions `(k, n)`; see `joint_rows`."""
        return joint_rows(self._embodiment, self._kinematics, {self._name: trajectory}, times_s, joints)
