"""Where everything truly is: what an expert knows, and no policy."""

import numpy as np

from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.policies import fingertips, tool_vector
from ros_wam.sim.expert.tool import tool_at
from ros_wam.sim.world import World
from ros_wam.types import FloatArray


class Truth:
    """A world as it is at the moment of asking, in the robot's base frame, which all of its arms share."""

    def __init__(self, world: World) -> None:
        self.embodiment = world.embodiment
        self.kinematics = Kinematics(world.embodiment)
        self._world = world
        frame = world.data.body(next(iter(world.embodiment.arms.values())).base_frame)
        self._R_base_world = frame.xmat.reshape(3, 3).T.copy()
        self._origin_m = frame.xpos.copy()

    def place(self, body: str) -> FloatArray:
        """Return where a body's origin is, `(3,)` [m]."""
        position: FloatArray = self._R_base_world @ (self._world.data.body(body).xpos - self._origin_m)
        return position

    def axes(self, body: str) -> FloatArray:
        """Return a body's axes as the columns of a `(3, 3)`."""
        axes: FloatArray = self._R_base_world @ self._world.data.body(body).xmat.reshape(3, 3)
        return axes

    def yaw(self, body: str) -> float:
        """Return how far a body's x axis is turned about the vertical [rad]."""
        x_axis = self.axes(body)[:, 0]
        return float(np.arctan2(x_axis[1], x_axis[0]))

    def joint(self, name: str) -> float:
        """Return the position of a joint of the task [rad or m]."""
        return float(self._world.data.joint(name).qpos[0])

    def tool(self, arm: str) -> FloatArray:
        """Return where a tool is, as a tool vector `(6,)`."""
        return tool_at(self.embodiment, self.kinematics, self._world.joint_position(), arm)

    def home(self, arm: str) -> FloatArray:
        """Return where a tool is at home, as a tool vector `(6,)`."""
        return tool_at(self.embodiment, self.kinematics, self.embodiment.home_position, arm)

    def stroke_m(self, arm: str) -> float:
        """Return how far a gripper opens [m]."""
        return self.embodiment.grippers[self.embodiment.arms[arm].gripper].stroke_m

    def tip_m(self, arm: str) -> float:
        """Return how far the fingers reach beyond the tool site [m]."""
        return fingertips.reach_m(self.embodiment, arm)

    def reaches(self, arm: str, tool: FloatArray) -> bool:
        """Return whether an arm can bring its tool to a tool vector `(6,)`."""
        try:
            self.kinematics.solve(tool_vector.to_matrix(tool), self.embodiment.home_position, arm)
        except PoseUnreachable:
            return False
        return True
