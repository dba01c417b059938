"""ALOHA's two ViperX-300 S followers over dynamixel_sdk 4.1.0: two buses, one robot, one control loop.

Positions are rounded to the servos' ticks of 1.5 mrad on the wire; what `send` returns is not. Torque stays on
whatever happens here: an arm without torque falls.

RoboChallenge's "ALOHA" is another robot, an AgileX Cobot Magic with Piper arms on CAN: other kinematics, limits and
library, so other data and checkpoints. It would be a robot file, an MJCF and a driver of its own beside this one, which
the robot file's `driver:` names; what the two share is the names of their joints.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.config import build
from ros_wam.drivers import dynamixel_servos as dxl
from ros_wam.drivers.command_check import checked_position
from ros_wam.drivers.dynamixel_bus import DynamixelBus
from ros_wam.drivers.dynamixel_state import ServoState
from ros_wam.embodiment import Embodiment, GripperLimits
from ros_wam.errors import ConfigError, DriverError, DriverSpent, DriverUnreachable
from ros_wam.types import Command, FloatArray, JointState

_GRIPPER_NM_PER_A = dxl.SERVOS[dxl.GRIPPER - 1].torque_nm_per_a


@dataclass(frozen=True)
class JawCalibration:
    """The angles of a gripper's servo [rad] with its jaw open and closed: each gripper is built differently."""

    open_rad: float
    closed_rad: float

    def __post_init__(self) -> None:
        if abs(self.open_rad - self.closed_rad) < 0.1:
            raise ConfigError(f"open_rad {self.open_rad} and closed_rad {self.closed_rad} must differ by 0.1 rad")


@dataclass(frozen=True)
class AlohaSettings:
    """By arm: the path of its bus (a udev name such as /dev/ttyDXL_follower_left) and its gripper's calibration.

    `latency_s`, from a servo's measurement to when it is asked for, is subtracted from the stamps.
    """

    ports: dict[str, str]
    grippers: dict[str, JawCalibration]
    latency_s: float = 0.0


class Aloha:
    """Both arms. A state is stamped when the servos of the arm that was read first were asked for it."""

    def __init__(self, embodiment: Embodiment, settings: AlohaSettings, clock: Clock) -> None:
        arms = embodiment.arms
        if any(len(arm.joints) != len(dxl.JOINTS) - 1 for arm in arms.values()):
            raise ConfigError(f"driver aloha drives arms of 6 joints; {embodiment.name} has {embodiment.joint_names}")
        for key in ("ports", "grippers"):
            if set(getattr(settings, key)) != set(arms):
                raise ConfigError(f"{key} names {', '.join(getattr(settings, key))}; must name {', '.join(arms)}")
        self._embodiment, self._latency_ns = embodiment, round(settings.latency_s * 1e9)
        jaws = [settings.grippers[name] for name in arms]
        self._closed = np.array([jaw.closed_rad for jaw in jaws])
        self._span = np.array([jaw.open_rad - jaw.closed_rad for jaw in jaws])
        self._buses = [
            DynamixelBus(
                name,
                settings.ports[name],
                _gripper_current(embodiment.grippers[arm.gripper]),
                [
                    *(dxl.speed(embodiment.joints[joint].velocity_rad_s) for joint in arm.joints),
                    dxl.speed(embodiment.grippers[arm.gripper].speed_1_s * abs(jaw.open_rad - jaw.closed_rad)),
                ],
                clock,
            )
            for (name, arm), jaw in zip(arms.items(), jaws, strict=True)
        ]
        self._connected, self._library = False, ""
        self._sent: FloatArray | None = None

    def connect(self) -> None:
        """See Driver. Servos that are off are switched on where they are; one with a hardware error is left off."""
        self._sent = None
        try:
            for bus in self._buses:
                bus.connect()
        except (DriverError, DriverSpent):
            self.close()
            raise
        self._library = f"dynamixel_sdk {version('dynamixel-sdk')}"  # not in facts(): it searches the disk
        self._connected = True

    def read(self) -> JointState:
        """See Driver."""
        self._require_connection()
        states = [bus.read() for bus in self._buses]
        velocity = np.array([state.velocity for state in states])
        velocity[:, -1] /= self._span
        stamp_ns = min(state.stamp_ns for state in states) - self._latency_ns
        return JointState(stamp_ns, self._position(states), velocity.reshape(-1), self._effort(states))

    def send(self, command: Command) -> Command:
        """See Driver. Until commands move away from where the robot was found, its servos keep their goals there."""
        self._require_connection()
        for bus in self._buses:
            bus.require_link()
        measured = self._position([bus.newest() for bus in self._buses])
        position = checked_position(command, self._embodiment, self._sent, measured)
        angles = position.reshape(len(self._buses), -1).copy()
        angles[:, -1] = self._closed + angles[:, -1] * self._span
        for bus, goal in zip(self._buses, angles, strict=True):
            bus.send(goal)
        self._sent = position
        return Command(command.stamp_ns, position)

    def stop(self) -> None:
        """See Driver. The arms hold, with torque, where they are measured."""
        self._sent = None
        for bus in self._buses:
            bus.stop()

    def recover(self) -> None:
        """See Driver. A servo that switched itself off is rebooted: hold its arm, it has no torque meanwhile."""
        self._require_connection()
        self._sent = None
        for bus in self._buses:
            bus.recover()

    def facts(self) -> Mapping[str, str]:
        """See Driver. Servos know no safety mode: what stopped one is told."""
        self._require_connection()
        versions = sorted({number for bus in self._buses for number in bus.firmware})
        reasons = [bus.stopped for bus in self._buses if bus.stopped is not None]
        return {
            "library": self._library,
            "firmware": ", ".join(map(str, versions)),
            "safety_mode": "; ".join(reasons) or "normal",
        }

    def close(self) -> None:
        """See Driver. The arms stay where they are, with torque."""
        if self._connected:
            self.stop()
        self._connected = False
        for bus in self._buses:
            bus.close()

    def _position(self, states: list[ServoState]) -> FloatArray:
        position = np.array([state.position for state in states])
        position[:, -1] = np.clip((position[:, -1] - self._closed) / self._span, 0.0, 1.0)
        return np.asarray(position.reshape(-1))

    def _effort(self, states: list[ServoState]) -> FloatArray:
        """Torque of the joints [N m], force of one pad of each gripper [N], positive when opening."""
        effort = np.array([state.effort for state in states])
        effort[:, -1] *= np.sign(self._span) / (2.0 * dxl.HORN_M)
        return np.asarray(effort.reshape(-1))

    def _require_connection(self) -> None:
        if not self._connected:
            raise DriverUnreachable(f"{self._embodiment.name} is not connected")


def open_driver(embodiment: Embodiment, settings: Mapping[str, Any], clock: Clock) -> Aloha:
    """See DriverModule."""
    return Aloha(embodiment, build(dict(settings), AlohaSettings, "robot"), clock)


def last_resort_stop(settings: Mapping[str, Any]) -> str:
    """Do nothing: a servo whose bus is silent stops by its own watchdog, which `connect` has armed, after 0.5 s."""
    build(dict(settings), AlohaSettings, "robot")
    return "each servo's own watchdog stops it 0.5 s after its bus has fallen silent"


def _gripper_current(limits: GripperLimits) -> int:
    """Return the goal current of the servo for the force of one pad."""
    torque_nm = limits.force_n * 2.0 * dxl.HORN_M
    current = round(torque_nm / _GRIPPER_NM_PER_A / dxl.CURRENT_A)
    if current > dxl.GRIPPER_CURRENT_LIMIT:
        raise ConfigError(f"force_n {limits.force_n} needs a current of {current}, at most {dxl.GRIPPER_CURRENT_LIMIT}")
    return current
