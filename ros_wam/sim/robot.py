"""The simulated robot as its controllers see it: targets in, measured joints out, one physics step at a time."""

import numpy as np
from numpy.typing import NDArray

from ros_wam.sim.actuator import ArmActuator, GripperActuator
from ros_wam.sim.world import STEP_NS, World
from ros_wam.types import FloatArray


class SimRobot:
    """Arms and grippers of a world behind their actuators. Stepping it steps the world."""

    def __init__(self, world: World) -> None:
        """Begin at rest where the world's robot is."""
        self.world = world
        names, position = world.embodiment.joint_names, world.joint_position()
        self._joints = {
            name: np.array([names.index(joint) for joint in arm.joints]) for name, arm in world.embodiment.arms.items()
        }
        self._grippers = {name: names.index(arm.gripper) for name, arm in world.embodiment.arms.items()}
        self.arms = {name: ArmActuator(position[joints]) for name, joints in self._joints.items()}
        """The servo of each arm."""
        self.grippers = {
            name: GripperActuator(position[index], world.embodiment.grippers[names[index]].speed_1_s)
            for name, index in self._grippers.items()
        }
        """The gripper of each arm, by the arm's name."""
        for name, gripper in world.embodiment.grippers.items():
            world.set_gripper_force(name, gripper.force_n)

    def set_target(self, position: FloatArray) -> None:
        """Send every arm and gripper to `position` `(n,)` [rad, grippers 0–1]."""
        for name, arm in self.arms.items():
            arm.set_target(position[self._joints[name]])
            self.grippers[name].set_target(float(position[self._grippers[name]]))

    def stop(self) -> None:
        """Let every arm stay where it is measured, and every gripper where its setpoint is: so it keeps its grip."""
        position = self.world.joint_position()
        for name, arm in self.arms.items():
            arm.set_target(position[self._joints[name]])
            self.grippers[name].stop()

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

    def plant(self, arm: str) -> "ArmPlant":
        """Return one arm with its gripper, as an emulated controller drives it."""
        return ArmPlant(self, arm, self._joints[arm], self._grippers[arm])


class ArmPlant:
    """One arm of the world and its gripper; a `Plant`."""

    def __init__(self, robot: SimRobot, arm: str, joints: NDArray[np.intp], gripper: int) -> None:
        self._world, self._joints, self._gripper = robot.world, joints, gripper
        self._arm_actuator, self._gripper_actuator = robot.arms[arm], robot.grippers[arm]
        self._sensor = robot.world.tool_forces[arm]

    def position(self) -> FloatArray:
        return self._world.joint_position()[self._joints]

    def velocity(self) -> FloatArray:
        return self._world.joint_velocity()[self._joints]

    def effort(self) -> FloatArray:
        return self._world.joint_effort()[self._joints]

    def tool_wrench(self) -> FloatArray:
        return self._sensor.wrench

    def set_target(self, position: FloatArray) -> None:
        self._arm_actuator.set_target(position)

    def gripper_position(self) -> float:
        return float(self._world.joint_position()[self._gripper])

    def gripper_velocity(self) -> float:
        return float(self._world.joint_velocity()[self._gripper])

    def set_gripper_target(self, position: float, speed_1_s: float, force_n: float) -> None:
        self._gripper_actuator.set_target(position, speed_1_s)
        self._world.set_gripper_force(self._world.embodiment.joint_names[self._gripper], force_n)
