"""The motors of the ARX arms as they speak on CAN: Damiao (DM), and the EC motors of the X5.

Layouts, ranges and motor numbers: arx5-sdk @79240ef, include/hardware/arx_can.h and include/app/config.h; the units of
torque are those in which its src/app/controller_base.cpp reads them.
"""

from dataclasses import dataclass
from typing import NamedTuple

from ros_wam.sim.emulators.can_bus import Frame

GRIPPER = 8
"""The gripper's motor, on every model."""
_POSITION_RAD, _VELOCITY_RAD_S, _EC_VELOCITY_RAD_S = 12.5, 45.0, 18.0
_KP, _KD, _TORQUE, _CURRENT_A = 500.0, 5.0, 18.0, 30.0
ENABLE = bytes([0xFF] * 7 + [0xFC])
CLEAR = bytes([0xFF] * 7 + [0xFB])
_TEMPERATURES = (40 << 8) | 40
_EC_TEMPERATURES = (130 << 8) | 130  # the same in their unit: half degrees above -25


class Drive(NamedTuple):
    """What a motor is to follow: torque = kp (position - measured) + kd (velocity - measured) + torque. SI units."""

    kp: float
    kd: float
    position: float
    velocity: float
    torque: float


@dataclass(frozen=True)
class MotorKind:
    """`torque_scale`: newton metres per unit of the torque (DM) or current (EC) that the motor reports."""

    name: str
    torque_scale: float
    is_ec: bool = False

    def status(self, is_on: bool, failed: bool) -> int:
        """Return what it says of itself; what fails is an overload (DM), or an error that has a number only (EC)."""
        if self.is_ec:
            return 2 if failed else 0
        return 14 if failed else int(is_on)


J4310, J4340 = MotorKind("DM-J4310", 0.424), MotorKind("DM-J4340", 1.0)
EC_A4310 = MotorKind("EC-A4310", 1.4 * 1.4, is_ec=True)

MODELS: dict[str, dict[int, MotorKind]] = {
    "L5": {1: J4340, 2: J4340, 4: J4340, 5: J4310, 6: J4310, 7: J4310},
    "X5": {1: EC_A4310, 2: EC_A4310, 4: EC_A4310, 5: J4310, 6: J4310, 7: J4310},
}
"""The joints' motors by their number, in the order of the joints."""


def drive_of(kind: MotorKind, data: bytes) -> Drive | None:
    """Return what a frame asks of a motor; None if it only asks for its state (enable, clear an error)."""
    if data in (ENABLE, CLEAR):
        return None
    bits = int.from_bytes(data, "big")
    if kind.is_ec:
        return Drive(
            _value(bits >> 49, 12, 0.0, _KP),
            _value(bits >> 40, 9, 0.0, _KD),
            _value(bits >> 24, 16, -_POSITION_RAD, _POSITION_RAD),
            _value(bits >> 12, 12, -_EC_VELOCITY_RAD_S, _EC_VELOCITY_RAD_S),
            _value(bits, 12, -_CURRENT_A, _CURRENT_A) * kind.torque_scale,
        )
    return Drive(
        _value(bits >> 24, 12, 0.0, _KP),
        _value(bits >> 12, 12, 0.0, _KD),
        _value(bits >> 48, 16, -_POSITION_RAD, _POSITION_RAD),
        _value(bits >> 36, 12, -_VELOCITY_RAD_S, _VELOCITY_RAD_S),
        _value(bits, 12, -_TORQUE, _TORQUE) * kind.torque_scale,
    )


def reply(number: int, kind: MotorKind, status: int, position: float, velocity: float, torque: float) -> Frame:
    """Return what motor `number` answers: position [rad], velocity [rad/s] and torque [N m], cut to its ranges."""
    if kind.is_ec:
        bits = (
            (((1 << 5) | status) << 56)
            | (_count(position, 16, -_POSITION_RAD, _POSITION_RAD) << 40)
            | (_count(velocity, 12, -_EC_VELOCITY_RAD_S, _EC_VELOCITY_RAD_S) << 28)
            | (_count(torque / kind.torque_scale, 12, -_CURRENT_A, _CURRENT_A) << 16)
            | _EC_TEMPERATURES
        )
        return Frame(number, bits.to_bytes(8, "big"))
    bits = (
        (((status << 4) | number) << 56)
        | (_count(position, 16, -_POSITION_RAD, _POSITION_RAD) << 40)
        | (_count(velocity, 12, -_VELOCITY_RAD_S, _VELOCITY_RAD_S) << 28)
        | (_count(torque / kind.torque_scale, 12, -_TORQUE, _TORQUE) << 16)
        | _TEMPERATURES
    )
    return Frame(0, bits.to_bytes(8, "big"))


def _value(bits: int, width: int, low: float, high: float) -> float:
    most = (1 << width) - 1
    return low + (bits & most) * (high - low) / most


def _count(value: float, width: int, low: float, high: float) -> int:
    most = (1 << width) - 1
    return int((min(max(value, low), high) - low) * most / (high - low) + 0.5)
