"""The driver of lockstep runs: the emulators' actuator model without a controller, a wire or a vendor library."""

from collections.abc import Mapping

from ros_wam.clock import Clock
from ros_wam.drivers.command_check import checked_position
from ros_wam.errors import DriverUnreachable
from ros_wam.sim.robot import SimRobot
from ros_wam.types import Command, FloatArray, JointState


class SimDriver:
    """Drives a `SimRobot` of this process. Whoever steps the robot moves `clock`; state is true when it is read."""

    def __init__(self, robot: SimRobot, clock: Clock) -> None:
        self._robot, self._clock = robot, clock
        self._connected = False
        self._sent: FloatArray | None = None

    def connect(self) -> None:
        """Accept commands from now on."""
        self._connected = True

    def read(self) -> JointState:
        """Return the measured state of now; raises DriverUnreachable before `connect` and after `close`."""
        self._require_connection()
        world = self._robot.world
        return JointState(
            self._clock.now_ns(),
            world.joint_position(),
            world.joint_velocity(),
            world.joint_effort(),
            world.tool_force_n(),
        )

    def send(self, command: Command) -> Command:
        """Set the targets and return them, grippers clamped to 0–1; raises CommandInvalid, DriverUnreachable."""
        self._require_connection()
        world = self._robot.world
        position = checked_position(command, world.embodiment, self._sent, world.joint_position())
        self._robot.set_target(position)
        self._sent = position
        return Command(command.stamp_ns, position)

    def stop(self) -> None:
        """Stay where the robot is now; the gripper keeps its grip."""
        self._robot.stop()
        self._sent = None

    def recover(self) -> None:
        """Nothing to do: this robot has no protective stop."""

    def facts(self) -> Mapping[str, str]:
        """See Driver: there is no device."""
        self._require_connection()
        return {"library": "none: simulated in process", "firmware": "not told", "safety_mode": "none"}

    def close(self) -> None:
        """Stop, and accept no more commands."""
        if self._connected:
            self.stop()
        self._connected = False

    def _require_connection(self) -> None:
        if not self._connected:
            raise DriverUnreachable("the simulated robot is not connected")
