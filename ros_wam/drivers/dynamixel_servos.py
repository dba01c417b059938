"""What a ViperX-300 S follower consists of: nine X-series Dynamixel servos, their registers, units and settings.

IDs, drive modes, secondary IDs, limits: Interbotix, interbotix_xsarm_control, config/aloha_vx300s.yaml. Registers,
models, units, torque over current (at stall with 12 V): ROBOTIS e-Manual, XM540-W270 and XM430-W350.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

TICKS_PER_RAD = 4096 / math.tau
MIDDLE = 2048
SPEED_RAD_S = 0.229 * math.tau / 60
CURRENT_A = 2.69e-3
HORN_M = 0.022
"""Radius of the gripper's horn (Interbotix, vx300s.yaml; on ALOHA's 27.5 mm of aloha_vx300s.yaml a force is a fifth
less); its torque is shared by two fingers.
"""
POSITION_MODE, CURRENT_POSITION_MODE = 3, 5
GRIPPER_CURRENT_LIMIT = 200
"""538 mA: what ALOHA sets, so that a gripper that closes on something does not overload."""
TABLE_SIZE = 147
HARDWARE_ERRORS = {0: "input voltage", 2: "overheating", 3: "motor encoder", 4: "electrical shock", 5: "overload"}


class Register(NamedTuple):
    """Where a value is, in bytes."""

    name: str
    address: int
    size: int
    is_signed: bool = False

    def of(self, data: bytes, begin: int = 0) -> int:
        """Return its value in `data`, which was read from address `begin` on."""
        at = self.address - begin
        return int.from_bytes(data[at : at + self.size], "little", signed=self.is_signed)


MODEL, FIRMWARE = Register("model", 0, 2), Register("firmware", 6, 1)
RETURN_DELAY, DRIVE_MODE = Register("return delay", 9, 1), Register("drive mode", 10, 1)
OPERATING_MODE, SECONDARY_ID = Register("operating mode", 11, 1), Register("secondary ID", 12, 1)
HOMING_OFFSET, SHUTDOWN = Register("homing offset", 20, 4, True), Register("shutdown", 63, 1)
CURRENT_LIMIT, VELOCITY_LIMIT = Register("current limit", 38, 2), Register("velocity limit", 44, 4)
MAX_POSITION, MIN_POSITION = Register("max position limit", 48, 4), Register("min position limit", 52, 4)
TORQUE, HARDWARE_ERROR = Register("torque enable", 64, 1), Register("hardware error status", 70, 1)
POSITION_D, POSITION_I = Register("position D gain", 80, 2), Register("position I gain", 82, 2)
POSITION_P = Register("position P gain", 84, 2)
BUS_WATCHDOG, GOAL_PWM = Register("bus watchdog", 98, 1), Register("goal PWM", 100, 2, True)
GOAL_CURRENT = Register("goal current", 102, 2, True)
PROFILE_VELOCITY, GOAL_POSITION = Register("profile velocity", 112, 4), Register("goal position", 116, 4, True)
PROFILE_ACCELERATION = Register("profile acceleration", 108, 4)
PRESENT_CURRENT = Register("present current", 126, 2, True)
PRESENT_VELOCITY = Register("present velocity", 128, 4, True)
PRESENT_POSITION = Register("present position", 132, 4, True)
GAINS = {POSITION_D: 0, POSITION_I: 0, POSITION_P: 800, GOAL_PWM: 885}
"""What both models have after power-on (ROBOTIS e-Manual), and ALOHA leaves so; another program may have set others."""
GREATEST_SPEED = 131
"""3.14 rad/s: the velocity limit of every servo of the arm."""
SHUTDOWN_ON = 52
"""Overheating, electrical shock, overload: as delivered. A servo without it burns or breaks what it presses on."""


@dataclass(frozen=True)
class Servo:
    """One servo, and what its EEPROM must say. `shadow_of`: whose instructions it obeys too, 255: nobody's."""

    number: int
    name: str
    model: int
    torque_nm_per_a: float
    reverse: int = 0
    least: int = 0
    greatest: int = 4095
    shadow_of: int = 255

    @property
    def eeprom(self) -> Mapping[Register, int]:
        """What a person sets once; a servo with other values belongs to another place, or to another arm."""
        offset = {} if self.shadow_of != 255 else {HOMING_OFFSET: 0}  # a shadow's makes it agree with its leader
        return offset | {
            MODEL: self.model,
            RETURN_DELAY: 0,
            DRIVE_MODE: self.reverse,
            SECONDARY_ID: self.shadow_of,
            VELOCITY_LIMIT: GREATEST_SPEED,
            SHUTDOWN: SHUTDOWN_ON,
            MAX_POSITION: self.greatest,
            MIN_POSITION: self.least,
        }

    @property
    def operating_mode(self) -> int:
        """What it is to be run in."""
        return CURRENT_POSITION_MODE if self.number == GRIPPER else POSITION_MODE

    def ticks(self, position_rad: float) -> int:
        """Return the goal nearest to a joint position that the servo takes. Its drive mode has turned the sign."""
        return min(max(MIDDLE + round(position_rad * TICKS_PER_RAD), self.least), self.greatest)


_XM540, _XM430 = (1120, 10.6 / 4.4), (1020, 4.1 / 2.3)
GRIPPER = 9
SERVOS = (
    Servo(1, "waist", *_XM540),
    Servo(2, "shoulder", *_XM540, 1, 841, 2867),
    Servo(3, "shoulder's shadow", *_XM540, 0, 841, 2867, 2),
    Servo(4, "elbow", *_XM540, 1, 898, 3094),
    Servo(5, "elbow's shadow", *_XM540, 0, 898, 3094, 4),
    Servo(6, "forearm roll", *_XM540),
    Servo(7, "wrist angle", *_XM540, 1, 830, 3504),
    Servo(8, "wrist rotate", *_XM430),
    Servo(9, "gripper", *_XM430),
)
NUMBERS = [servo.number for servo in SERVOS]
JOINTS = [servo for servo in SERVOS if servo.shadow_of == 255]
"""The servos that are commanded, in the order of the arm's joints; the gripper is the last."""


def speed(rate_rad_s: float) -> int:
    """Return the least profile velocity that is not slower, within what the servos may do; 0 would know no bound."""
    return min(max(math.ceil(rate_rad_s / SPEED_RAD_S), 1), GREATEST_SPEED)


def goal_ticks(position: Iterable[float], without: Collection[int] = ()) -> dict[int, int]:
    """Return the goals of `JOINTS`, by ID, that are nearest to their positions [rad]; `without` these IDs."""
    goals = {servo.number: servo.ticks(float(angle)) for servo, angle in zip(JOINTS, position, strict=True)}
    return {number: goal for number, goal in goals.items() if number not in without}


def radians(ticks: int) -> float:
    """Return the joint position of a servo's position."""
    return (ticks - MIDDLE) / TICKS_PER_RAD


def hardware_error_text(bits: int) -> str:
    """Return what a hardware error status says."""
    return ", ".join(text for bit, text in HARDWARE_ERRORS.items() if bits >> bit & 1) or f"hardware error {bits:#04x}"
