"""The driver of lockstep runs: the emulators' actuator model without a controller, a wire or a vendor library."""

import numpy as np

from ros_wam.clock import Clock
from ros_wam.errors import CommandInvalid, DriverUnreachable
from ros_wam.sim.robot import SimRobot
from ros_wam.types import Command, JointState


class SimDriver:
    """Drives a `SimRobot` of this process. Whoever steps the robot moves `clock`; state is true when it is read."""

    def __init__(self, robot: SimRobot, clock: Clock) -> None:
        self._robot, self._clock = robot, clock
        self._connected = False

    def connect(self) -> None:
        """Accept commands from now on."""
        self._connected = True

    def read(self) -> JointState:
        """Return the measured state of now; raises DriverUnreachable before `connect` and after `close`."""
        self._require_connection()
        world = self._robot.world
        return JointState(self._clock.now_ns(), world.joint_position(), world.joint_velocity(), world.joint_effort())

    def send(self, command: Command) -> Command:
        """Set the targets and return them, grippers clamped to 0–1; raises CommandInvalid, DriverUnreachable."""
        self._require_connection()
        embodiment = self._robot.world.embodiment
        position = command.position
        if position.shape != embodiment.lower.shape or not np.isfinite(position).all():
            raise CommandInvalid(f"command {position.tolist()} must be {len(embodiment.lower)} finite positions")
        clamped = np.clip(position, embodiment.lower, embodiment.upper)
        outside = (clamped != position) & ~embodiment.is_gripper
        if outside.any():
            joint = int(np.argmax(outside))
            raise CommandInvalid(
                f"{embodiment.joint_names[joint]}: {position[joint]:.4f} rad is outside "
                f"{embodiment.lower[joint]:.4f} … {embodiment.upper[joint]:.4f}"
            )
        self._robot.set_target(clamped)
        return Command(command.stamp_ns, clamped)

    def stop(self) -> None:
        """Stay where the robot is now."""
        self._robot.set_target(self._robot.world.joint_position())

    def recover(self) -> None:
        """Nothing to do: this robot has no protective stop."""

    def close(self) -> None:
        """Accept no more commands; the robot stays where it was sent."""
        self._connected = False

    def _require_connection(self) -> None:
        if not self._connected:
            raise DriverUnreachable("the simulated robot is not connected")
