"""One emulated ViperX-300 S: nine servos on a bus, and the arm of the world that they move.

IDs, drive modes, secondary IDs, limits: Interbotix, interbotix_xsarm_control, config/aloha_vx300s.yaml. Torque per
ampere: stall torque over stall current at 12 V (ROBOTIS e-Manual), XM540-W270 10.6 N m, 4.4 A; XM430-W350 4.1, 2.3.
A joint whose servos have no torque stays where it is: this world takes the arms' weight off.
"""

from pathlib import Path

import numpy as np

from ros_wam.sim.emulators.dynamixel_bus import DynamixelBus
from ros_wam.sim.emulators.dynamixel_servo import CURRENT_A, SPEED_RAD_S, DynamixelServo
from ros_wam.sim.emulators.plant import Plant
from ros_wam.types import FloatArray

RATE_HZ = 1000.0
"""How often it is cycled: as often as a USB adapter passes on what its bus says, at a latency timer of 1 ms."""
XM540, XM430 = 1120, 1020
TORQUE_NM_PER_A = {XM540: 10.6 / 4.4, XM430: 4.1 / 2.3}
HORN_M = 0.022
"""Radius of the gripper's horn (Interbotix, vx300s.yaml); it moves two fingers."""
GRIPPER = 9
SENSE_CYCLES = 10
_LEAST_OPENING, _RESTING_1_S = 0.03, 0.02
# id: (model, reverse, secondary id, least and greatest position)
_SERVOS = {
    1: (XM540, 0, 255, 0, 4095),
    2: (XM540, 1, 255, 841, 2867),
    3: (XM540, 0, 2, 841, 2867),
    4: (XM540, 1, 255, 898, 3094),
    5: (XM540, 0, 4, 898, 3094),
    6: (XM540, 0, 255, 0, 4095),
    7: (XM540, 1, 255, 830, 3504),
    8: (XM430, 0, 255, 0, 4095),
    9: (XM430, 0, 255, 0, 4095),
}
_OF_JOINTS = ((1,), (2, 3), (4, 5), (6,), (7,), (8,))


class AlohaArm:
    """The servos of one arm, powered and without torque as they are after being switched on.

    `stuck`: servos that take goals and do not move. `open_rad`, `closed_rad`: the gripper servo's angles.
    """

    def __init__(self, path: Path, plant: Plant, open_rad: float, closed_rad: float) -> None:
        self.servos = {number: _servo(number) for number in _SERVOS}
        self.bus = DynamixelBus(path, list(self.servos.values()), self.sense, self.drive)
        self.stuck: set[int] = set()
        self._plant, self._open_rad, self._closed_rad = plant, open_rad, closed_rad
        self._period_s = 1.0 / RATE_HZ
        self._target: FloatArray = np.array(plant.position(), dtype=np.float64)
        self._gripper_target: tuple[float, float, float] | None = None
        self._goals = self._cycles = 0
        self.sense()

    def cycle(self, now_ns: int) -> FloatArray | None:
        """Serve the bus and move the arm for a period; return the goal of its joints [rad] if one has come."""
        goals = self._goals
        self._cycles += 1
        if self._cycles % SENSE_CYCLES == 0:
            self.sense()
        self.bus.cycle(now_ns)
        for servo in self.servos.values():
            servo.cycle(now_ns, self._period_s)
        self.drive()
        if goals == self._goals:
            return None
        return np.array([self.servos[numbers[0]].goal_rad for numbers in _OF_JOINTS])

    def sense(self) -> None:
        """Let every servo measure its joint."""
        position, velocity, effort = self._plant.position(), self._plant.velocity(), self._plant.effort()
        for k, numbers in enumerate(_OF_JOINTS):
            for number in numbers:
                share = float(effort[k]) / len(numbers)
                self.servos[number].sense(float(position[k]), float(velocity[k]), share)
        span_rad = self._open_rad - self._closed_rad
        angle_rad = self._closed_rad + self._plant.gripper_position() * span_rad
        self.servos[GRIPPER].sense(angle_rad, self._plant.gripper_velocity() * span_rad, self._gripper_effort_nm())

    def drive(self) -> None:
        """Set where arm and gripper are driven to."""
        self._goals = sum(self.servos[numbers[0]].goals for numbers in _OF_JOINTS)
        for k, numbers in enumerate(_OF_JOINTS):
            driving = [servo for number in numbers if (servo := self.servos[number]).has_torque]
            if not driving:
                self._target[k] = self._plant.position()[k]
            elif not self.stuck.intersection(numbers):
                self._target[k] = sum(servo.setpoint_rad for servo in driving) / len(driving)  # equals that may fight
        self._plant.set_target(self._target)
        self._drive_gripper()

    def _drive_gripper(self) -> None:
        servo = self.servos[GRIPPER]
        if not servo.has_torque or GRIPPER in self.stuck:
            return
        table, span_rad = servo.table, self._open_rad - self._closed_rad
        speed_rad_s = (table["profile_velocity"] or table["velocity_limit"]) * SPEED_RAD_S
        force_n = abs(table["goal_current"]) * CURRENT_A * TORQUE_NM_PER_A[XM430] / (2.0 * HORN_M)
        opening = min(max((servo.setpoint_rad - self._closed_rad) / span_rad, 0.0), 1.0)
        target = opening, speed_rad_s / abs(span_rad), force_n
        if target != self._gripper_target:
            self._gripper_target = target
            self._plant.set_gripper_target(*target)

    def _gripper_effort_nm(self) -> float:
        """Return the servo's torque: all that its current allows where something is in the way of the fingers."""
        servo = self.servos[GRIPPER]
        if not servo.has_torque or self._gripper_target is None:
            return 0.0
        missing = self._gripper_target[0] - self._plant.gripper_position()
        if abs(missing) < _LEAST_OPENING or abs(self._plant.gripper_velocity()) > _RESTING_1_S:
            return 0.0
        torque_nm = abs(servo.table["goal_current"]) * CURRENT_A * TORQUE_NM_PER_A[XM430]
        return float(np.copysign(torque_nm, missing * (self._open_rad - self._closed_rad)))


def _servo(number: int) -> DynamixelServo:
    model, reverse, secondary, least, greatest = _SERVOS[number]
    eeprom = {
        "model": model,
        "id": number,
        "baud_rate": 3,
        "return_delay": 0,
        "drive_mode": reverse,
        "secondary_id": secondary,
        "velocity_limit": 131,
        "min_position": least,
        "max_position": greatest,
        "current_limit": 2047 if model == XM540 else 1193,
    }
    return DynamixelServo(eeprom, -1 if reverse else 1, TORQUE_NM_PER_A[model])
