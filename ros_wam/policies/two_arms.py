"""What a planner for two arms that face each other needs of its robot."""

from collections.abc import Mapping

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies.arms import Arms
from ros_wam.policies.mover import Mover
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

VIEWS = ("high", "left_wrist", "right_wrist")  # the one that sees everything first


class TwoArms(Arms):
    """A robot with two arms in one base frame, a camera at each tool and one above. By arm: tool vectors `(6,)`."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics, views: Mapping[str, ViewCalibration]) -> None:
        """Raises ConfigError unless the robot has two arms in one base frame and the views `VIEWS`."""
        super().__init__(embodiment, kinematics, views, 2, VIEWS)
        self.strokes_m = {name: embodiment.grippers[arm.gripper].stroke_m for name, arm in embodiment.arms.items()}
        self.movers = {name: Mover(embodiment, kinematics, name) for name in embodiment.arms}
        self.homes = {name: self.tool(embodiment.home_position, name) for name in embodiment.arms}
        first, second = self.homes
        apart = self.homes[first][:2] - self.homes[second][:2]
        away = apart / np.linalg.norm(apart)
        self.outwards: dict[str, FloatArray] = {first: away, second: -away}
        """By arm: `(2,)`, horizontally away from the other arm."""

    def arm_beside(self, place_m: FloatArray) -> str:
        """Return the arm on whose side `place_m` `(2,)` is."""
        return min(self.homes, key=lambda arm: float(np.linalg.norm(self.homes[arm][:2] - place_m)))

    def trajectories(self, joints: FloatArray) -> dict[str, Trajectory]:
        """Return trajectories that rest at `joints` `(n,)`."""
        return {arm: Trajectory(self._tool_facing(joints, arm), self.opening(joints, arm)) for arm in self.homes}

    def _tool_facing(self, joints: FloatArray, arm: str) -> FloatArray:
        """Where a tool is, its yaw such that the way home never leads round the back."""
        tool = self.tool(joints, arm)
        tool[3] += 2 * np.pi * np.round((self.homes[arm][3] - tool[3]) / (2 * np.pi))
        return tool
