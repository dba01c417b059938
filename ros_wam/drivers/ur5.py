"""Universal Robots arms over ur_rtde 1.6.5, UR5 (CB3) and UR5e alike, with a Robotiq gripper.

ur_rtde hangs, crashes when it reconnects and reports success for commands it drops: this driver trusts none of its
return values and belongs into a process that may be killed. Once its link is lost the library is not touched again,
since it hangs or crashes even on disconnecting; only a new process can connect.
"""

import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.config import build
from ros_wam.drivers import robotiq, ur_dashboard, ur_receiver
from ros_wam.drivers.command_check import checked_position
from ros_wam.drivers.robotiq import Robotiq
from ros_wam.drivers.ur_receiver import UrReceiver
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, DriverError, DriverSpent, DriverUnreachable, RobotStopped
from ros_wam.types import Command, FloatArray, JointState

LOOKAHEAD_S = 0.03
"""servoJ's smoothing; the shortest that ur_rtde accepts, since what comes is smooth already."""
GAIN = 300.0
"""servoJ's stiffness, 100–2000; UR's default."""
WATCHDOG_HZ = 2.0
"""A controller that hears less ends the program, and the arm stops: for when this whole computer dies. Our choice,
longer than any stop of the arm, during which ur_rtde sends nothing."""
STOP_DECELERATION_RAD_S2 = 10.0
PORT_TIMEOUT_S = 1.0
UNLOCK_TIMEOUT_NS = 10_000_000_000
"""A controller refuses to unlock a protective stop in its first 5 s."""
PROGRAM_TIMEOUT_NS = 5_000_000_000
_POLL_NS = 20_000_000
_RETRY_NS = 500_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ur5Settings:
    """`latency_s`, from measurement to receipt by this host, is subtracted from the stamps."""

    address: str
    gripper_port: int = robotiq.PORT
    latency_s: float = 0.0


class Ur5:
    """One UR arm with a gripper. A state is stamped by the controller's clock; the gripper's part is 20 ms older."""

    def __init__(self, embodiment: Embodiment, settings: Ur5Settings, clock: Clock) -> None:
        if len(embodiment.arms) != 1 or len(embodiment.joints) != 6:
            raise ConfigError(f"driver ur5 drives 1 arm of 6 joints; {embodiment.name} has {embodiment.joint_names}")
        self._embodiment, self._settings, self._clock = embodiment, settings, clock
        (limits,) = embodiment.grippers.values()
        self._gripper = Robotiq(settings.address, settings.gripper_port, limits, clock)
        self._receiver: UrReceiver | None = None
        self._control: Any = None
        self._retired: object = None
        self._is_spent = False
        self._watched = False
        self._library = self._firmware = "not told"
        self._sent: FloatArray | None = None
        self._measured: FloatArray | None = None

    def connect(self) -> None:
        """See Driver. A gripper that is not active yet opens and closes once. A stopped robot is left stopped."""
        address = self._settings.address
        if self._is_spent:
            raise self._spent()
        self._retired = self._measured = None
        for port in (ur_receiver.PORT, ur_dashboard.PORT, self._settings.gripper_port):
            _require_port(address, port)
        try:
            self._receiver = UrReceiver(
                address, self._embodiment.control_rate_hz, self._settings.latency_s, self._clock
            )
            self._library = f"ur_rtde {version('ur-rtde')}"  # not in facts(): it searches the disk
            self._firmware = ur_dashboard.version(address)
            if self._receiver.stop_reason() is None:
                self._start_program()
            self._gripper.connect()  # last: ur_rtde's constructors keep every other thread from running
            self._arm_watchdog()
        except DriverError:
            self.close()
            raise

    def read(self) -> JointState:
        """See Driver."""
        receiver = self._require_receiver()
        arm, gripper = receiver.read(), self._gripper.read()
        self._require_running(receiver)
        if self._watched and self._sent is None:  # no command tells the controller that this computer lives
            self._kick_watchdog()
        self._measured = np.append(arm.position, gripper.position)
        return JointState(
            arm.stamp_ns,
            self._measured,
            np.append(arm.velocity, gripper.velocity),
            np.append(arm.effort, gripper.effort),
            np.array([arm.tool_force_n]),
        )

    def send(self, command: Command) -> Command:
        """See Driver. While the state is merely stale a command goes through: it is how a robot is made to brake."""
        measured = self.read().position if self._measured is None else self._measured
        position = checked_position(command, self._embodiment, self._sent, measured)
        receiver = self._require_receiver()
        receiver.require_link()
        self._require_running(receiver)
        if self._is_lost(receiver):
            raise DriverError(f"ur_rtde lost its command link to {self._settings.address}")
        period_s, where = self._embodiment.period_s, f"the UR controller at {self._settings.address}"
        try:
            taken = self._control.servoJ(position[:-1].tolist(), 0.0, 0.0, period_s, LOOKAHEAD_S, GAIN)
        except RuntimeError as error:  # the link was lost since it was looked at
            raise DriverError(f"{where} takes no servoJ: {error}") from error
        if not taken:
            raise RobotStopped(f"{where} takes no servoJ; recover the robot")
        self._gripper.send(float(position[-1]))
        self._sent = position
        return Command(command.stamp_ns, position)

    def stop(self) -> None:
        """See Driver. The gripper keeps its grip."""
        self._sent = None
        self._gripper.stop()
        if self._receiver is None or self._control is None:
            return
        if self._is_lost(self._receiver):
            ur_dashboard.stop_program(self._settings.address)
        elif self._receiver.stop_reason() is None and self._receiver.program_runs():
            try:
                stopped = self._control.servoStop(STOP_DECELERATION_RAD_S2)
            except RuntimeError:
                stopped = False
            if not stopped:
                ur_dashboard.stop_program(self._settings.address)

    def recover(self) -> None:
        """See Driver. Takes seconds after a protective stop; never ends an emergency stop, powers on or moves."""
        receiver = self._require_receiver()
        if self._is_lost(receiver):
            raise self._spent()
        self._sent = self._measured = None
        self._unlock(receiver)
        self._start_program()
        self._gripper.recover()
        self._arm_watchdog()

    def facts(self) -> Mapping[str, str]:
        """See Driver."""
        receiver = self._require_receiver()
        safety_mode = receiver.stop_reason() or "normal"
        return {"library": self._library, "firmware": self._firmware, "safety_mode": safety_mode}

    def close(self) -> None:
        """See Driver. Ends the program on the controller; the gripper keeps its grip.

        ur_rtde takes a second to destroy its links: the next `connect` has that time, a process that ends has not.
        """
        try:
            self.stop()
            if self._control is not None and self._receiver is not None and not self._is_lost(self._receiver):
                self._control.stopScript()
        except (DriverError, RuntimeError) as error:
            _log.warning("%s was not stopped: %s", self._settings.address, error)
        self._gripper.close()
        if self._receiver is None:
            return
        self._is_spent = self._is_lost(self._receiver)
        self._retired = self._control, self._receiver
        self._control = self._receiver = None

    def _unlock(self, receiver: UrReceiver) -> None:
        address = self._settings.address
        deadline_ns = self._clock.now_ns() + UNLOCK_TIMEOUT_NS
        while (reason := receiver.stop_reason()) is not None:
            if reason != ur_receiver.PROTECTIVE_STOP:
                raise DriverError(f"{address}: {reason}; release it at the robot")
            answers = ur_dashboard.ask(address, ["close safety popup", "close popup", "unlock protective stop"])
            if self._clock.now_ns() > deadline_ns:
                raise DriverError(f"{address}: still in {reason}; the controller answered {answers[-1]!r}")
            self._wait_while(lambda: receiver.stop_reason() is not None, _RETRY_NS)

    def _start_program(self) -> None:
        """Run ur_rtde's program anew on the controller; the arm stays where it is."""
        receiver, address = self._require_receiver(), self._settings.address
        self._watched = False
        try:
            if self._control is None:
                self._control = _control_interface(address, self._embodiment.control_rate_hz)
            else:
                if receiver.program_runs():
                    ur_dashboard.stop_program(address)
                    self._wait_while(receiver.program_runs, PROGRAM_TIMEOUT_NS)
                self._control.reuploadScript()  # what it returns says nothing
        except RuntimeError as error:
            raise DriverUnreachable(f"ur_rtde cannot control {address}: {error}") from error
        self._wait_while(lambda: not receiver.program_runs(), PROGRAM_TIMEOUT_NS)
        if not receiver.program_runs():
            raise DriverError(f"{address}: the controller does not run ur_rtde's program; is it in remote control?")

    def _arm_watchdog(self) -> None:
        """Have the controller end the program when it hears nothing more, neither by `send` nor by `read`."""
        if self._control is None:
            return
        try:
            self._watched = self._control.setWatchdog(WATCHDOG_HZ)
        except RuntimeError as error:
            raise DriverUnreachable(f"ur_rtde cannot control {self._settings.address}: {error}") from error
        if not self._watched:
            raise DriverError(f"{self._settings.address}: the controller takes no watchdog of {WATCHDOG_HZ} Hz")

    def _kick_watchdog(self) -> None:
        try:
            self._control.kickWatchdog()
        except RuntimeError as error:
            raise DriverError(f"ur_rtde lost its command link to {self._settings.address}: {error}") from error

    def _wait_while(self, holds: Callable[[], bool], timeout_ns: int) -> None:
        deadline_ns = self._clock.now_ns() + timeout_ns
        while holds() and self._clock.now_ns() < deadline_ns:
            self._clock.sleep_until_ns(self._clock.now_ns() + _POLL_NS)

    def _is_lost(self, receiver: UrReceiver) -> bool:
        return receiver.is_lost or (self._control is not None and not self._control.isConnected())

    def _spent(self) -> DriverSpent:
        return DriverSpent(f"ur_rtde lost its link to {self._settings.address} and would crash if it were used again")

    def _require_receiver(self) -> UrReceiver:
        if self._receiver is None:
            raise DriverUnreachable(f"the UR controller at {self._settings.address} is not connected")
        return self._receiver

    def _require_running(self, receiver: UrReceiver) -> None:
        reason = receiver.stop_reason()
        if reason is None and (self._control is None or not receiver.program_runs()):
            reason = "no program runs"
        if reason is not None:
            raise RobotStopped(f"UR controller at {self._settings.address}: {reason}; recover the robot")


def open_driver(embodiment: Embodiment, settings: Mapping[str, Any], clock: Clock) -> Ur5:
    """Return the driver, not connected; raises ConfigError."""
    return Ur5(embodiment, build(dict(settings), Ur5Settings, "robot"), clock)


def last_resort_stop(settings: Mapping[str, Any]) -> str:
    """Stop the program, and with it the robot, by the dashboard; raises ConfigError, DriverUnreachable, DriverError."""
    ur_dashboard.stop_program(build(dict(settings), Ur5Settings, "robot").address)
    return "the robot was told to stop"


def _control_interface(address: str, rate_hz: float) -> Any:
    from rtde_control import RTDEControlInterface

    return RTDEControlInterface(address, rate_hz)


def _require_port(address: str, port: int) -> None:
    """Tell an absent controller from a slow one: ur_rtde's own constructors may wait for ever."""
    try:
        socket.create_connection((address, port), PORT_TIMEOUT_S).close()
    except OSError as error:
        raise DriverUnreachable(f"nothing answers at {address}:{port}: {error}") from error
