"""The simulated robot as its controllers see it: targets in, measured joints out, one physics step at a time."""

import numpy as np

from ros_wam.sim.actuator import ArmActuator, GripperActuator
from ros_wam.sim.world import STEP_NS, World
from ros_wam.types import FloatArray


class SimRobot:
    """Arms and grippers of a world behind their actuators. Stepping it steps the world."""

    def __init__(self, world: World) -> None:
        """Begin at rest where the world's robot is."""
        self.world = world
        names, position = world.embodiment.joint_names, world.joint_position()
        self._joints = {name: [names.index(j) for j in arm.joints] for name, arm in world.embodiment.arms.items()}
        self._grippers = {name: names.index(arm.gripper) for name, arm in world.embodiment.arms.items()}
        self.arms = {name: ArmActuator(position[joints]) for name, joints in self._joints.items()}
        """The servo of each arm."""
        self.grippers = {
            name: GripperActuator(position[index], world.embodiment.grippers[names[index]].speed_1_s)
            for name, index in self._grippers.items()
        }
        """The gripper of each arm, by the arm's name."""

    def set_target(self, position: FloatArray) -> None:
        """Send every arm and gripper to `position` `(n,)` [rad, grippers 0–1]."""
        for name, arm in self.arms.items():
            arm.set_target(position[self._joints[name]])
            self.grippers[name].set_target(float(position[self._grippers[name]]))

    def place(self, position: FloatArray) -> None:
        """Put the robot at rest at `position` `(n,)` at once."""
        self.world.place_robot(position)
        for name, arm in self.arms.items():
            arm.hold(position[self._joints[name]])
            self.grippers[name].hold(float(position[self._grippers[name]]))

    def step(self, count: int = 1) -> None:
        """Advance actuators and world by `count` steps of 2 ms."""
        setpoint = np.empty(len(self.world.embodiment.joint_names))
        for _ in range(count):
            for name, arm in self.arms.items():
                setpoint[self._joints[name]] = arm.step(STEP_NS * 1e-9)
                setpoint[self._grippers[name]] = self.grippers[name].step(STEP_NS * 1e-9)
            self.world.set_ctrl(setpoint)
            self.world.step()

    def arm_state(self, arm: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Position [rad], velocity [rad/s] and effort [N m] of one arm's joints, each `(n,)`."""
        joints, world = self._joints[arm], self.world
        return world.joint_position()[joints], world.joint_velocity()[joints], world.joint_effort()[joints]

    def gripper_state(self, arm: str) -> tuple[float, float]:
        """Position 0 closed … 1 open and velocity [1/s] of one arm's gripper."""
        index = self._grippers[arm]
        return float(self.world.joint_position()[index]), float(self.world.joint_velocity()[index])
