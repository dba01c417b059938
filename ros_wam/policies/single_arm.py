"""What a planner for one arm with one gripper needs of its robot."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import fingertips
from ros_wam.policies.arms import Arms
from ros_wam.policies.mover import Mover
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

VIEWS = ("wrist", "global")
_AT_HOME_RAD = 0.02


class SingleArm(Arms):
    """A robot with one arm, a camera at its tool and one that looks at the table. Vectors are tool vectors `(6,)`."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration]) -> None:
        """Raises ConfigError unless the robot has one arm and the views `VIEWS`."""
        super().__init__(embodiment, kinematics, views, 1, VIEWS)
        ((self._name, arm),) = embodiment.arms.items()
        self.workspace = arm.workspace
        self.stroke_m = embodiment.grippers[arm.gripper].stroke_m
        self.home = self.tool(embodiment.home_position)
        self.mover = Mover(embodiment, kinematics)

    @cached_property
    def tip_m(self) -> float:
        """How far the fingers reach beyond the tool site [m]."""
        return fingertips.reach_m(self._embodiment, self._name)

    def is_home(self, joints: FloatArray) -> bool:
        """Return whether every joint of the arm is at home."""
        away = np.abs(joints - self._embodiment.home_position)[~self._embodiment.is_gripper]
        return bool((away < _AT_HOME_RAD).all())

    def trajectory(self, joints: FloatArray) -> Trajectory:
        """Return the trajectory that rests at `joints` `(n,)`."""
        return Trajectory(self.tool(joints), self.opening(joints))

    def rows(self, trajectory: Trajectory, times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """Return joint positions `(k, n)`; see `joint_rows`."""
        return self.joint_rows({self._name: trajectory}, times_s, joints)
