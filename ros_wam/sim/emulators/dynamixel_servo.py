"""One emulated X-series Dynamixel servo: what its registers do. Positions are the joint's; a mounting may turn them."""

import math
from collections.abc import Mapping

from ros_wam.sim.emulators.dynamixel_table import (
    ACCESS,
    ALERT,
    DATA_LIMIT,
    DATA_RANGE,
    EEPROM_END,
    FIELDS,
    RESULT_FAIL,
    ControlTable,
)

TICKS_PER_RAD = 4096 / math.tau
MIDDLE = 2048
CURRENT_A, SPEED_RAD_S, ACCELERATION_RAD_S2 = 2.69e-3, 0.229 * math.tau / 60, 214.577 * math.tau / 3600
"""Units of the registers for current, speed (0.229 rpm) and acceleration (214.577 rev/min²)."""
WATCHDOG_NS = 20_000_000
REBOOT_NS = 300_000_000
"""How long a servo says nothing after a reboot; our choice."""
OVERLOAD = 1 << 5
POSITION, CURRENT_POSITION = 3, 5
_EXPIRED = 255
_GOALS = ("goal_pwm", "goal_current", "goal_velocity", "goal_position")
_MODES = (0, 1, 3, 4, 5, 16)


class DynamixelServo:
    """One servo. `mounting` -1: its horn turns against the joint. `muted`: it hears and answers nothing.

    `keeps_goal`: its watchdog stops it and leaves its goal, where it goes once that is cleared; the e-Manual does not
    say which. `overloaded`: its load stays too high, so that it switches itself off as often as it is switched on.
    """

    def __init__(self, eeprom: Mapping[str, int], mounting: int, torque_nm_per_a: float) -> None:
        self.table = ControlTable(eeprom)
        self.muted = self.overloaded = self.keeps_goal = False
        self.goals = 0
        """How many goal positions it has taken."""
        self._mounting, self._torque_nm_per_a = mounting, torque_nm_per_a
        self._heard_ns = self._silent_until_ns = 0
        self._setpoint_rad = self._position_rad = self._speed_rad_s = 0.0

    @property
    def number(self) -> int:
        """Its ID."""
        return self.table["id"]

    @property
    def has_torque(self) -> bool:
        """Whether it drives its joint."""
        return self.table["torque"] == 1

    @property
    def setpoint_rad(self) -> float:
        """Where it drives its joint to."""
        return self._setpoint_rad

    @property
    def goal_rad(self) -> float:
        """Where it was sent."""
        return self._direction * (self.table["goal_position"] - self.table["homing_offset"] - MIDDLE) / TICKS_PER_RAD

    @property
    def alert(self) -> int:
        """The bit that every answer carries while a hardware error is not cleared."""
        return ALERT if self.table["hardware_error"] else 0

    def can_hear(self, now_ns: int) -> bool:
        """Return whether instructions reach it."""
        return not self.muted and now_ns >= self._silent_until_ns

    def hear(self, now_ns: int) -> None:
        """Note an instruction for it: its bus watchdog begins anew."""
        self._heard_ns = now_ns

    def sense(self, position_rad: float, velocity_rad_s: float, effort_nm: float) -> None:
        """Measure its joint."""
        self._position_rad, turn = position_rad, self._direction
        ticks = MIDDLE + round(turn * position_rad * TICKS_PER_RAD)
        self.table["present_position"] = ticks + self.table["homing_offset"]
        self.table["present_velocity"] = round(turn * velocity_rad_s / SPEED_RAD_S)
        current = round(turn * effort_nm / self._torque_nm_per_a / CURRENT_A)
        self.table["present_current"] = min(max(current, -2047), 2047)
        self.table["moving"] = int(abs(velocity_rad_s) > 10 * SPEED_RAD_S)  # the moving threshold's first value

    def write(self, address: int, data: bytes) -> int:
        """Carry out a write and return the error, 0 if it was done."""
        values = self.table.values(address, data)
        if isinstance(values, int):
            return values
        error = next((wrong for name, value in values.items() if (wrong := self._refusal(name, value))), 0)
        if not error:
            for name, value in values.items():
                self._set(name, value)
        return error

    def reboot(self, now_ns: int) -> None:
        """Begin anew, without torque and without errors."""
        self.table.reset_ram()
        self._silent_until_ns = now_ns + REBOOT_NS

    def overload(self) -> None:
        """Meet more load than it stands: torque off until it is rebooted."""
        self.table["hardware_error"] = OVERLOAD
        self.table["torque"] = 0

    def cycle(self, now_ns: int, duration_s: float) -> None:
        """Follow the profile and keep the watchdog for a period."""
        if not self.has_torque:
            return
        if self.overloaded:
            self.overload()
            return
        watchdog = self.table["bus_watchdog"]
        if 0 < watchdog < _EXPIRED and now_ns - self._heard_ns > watchdog * WATCHDOG_NS:
            self.table["bus_watchdog"] = _EXPIRED
            self._hold()
        elif watchdog != _EXPIRED and self._setpoint_rad != self.goal_rad:
            self._approach(self.goal_rad, duration_s)

    @property
    def _direction(self) -> int:
        return -self._mounting if self.table["drive_mode"] & 1 else self._mounting

    def _hold(self) -> None:
        """Stay where the joint is."""
        if not self.keeps_goal:
            self.table["goal_position"] = self.table["present_position"]
        self._setpoint_rad, self._speed_rad_s = self._position_rad, 0.0

    def _refusal(self, name: str, value: int) -> int:
        """Return the error of a value that fits its register but not the servo's state, 0 for one that fits."""
        table = self.table
        if FIELDS[name].address < EEPROM_END and self.has_torque:
            return ACCESS
        if name in _GOALS and table["bus_watchdog"] == _EXPIRED:
            return DATA_RANGE
        if name == "operating_mode" and value not in _MODES:
            return DATA_RANGE
        if name == "torque" and value and table["hardware_error"]:
            return RESULT_FAIL
        limits = {
            "goal_current": (-table["current_limit"], table["current_limit"]),
            "goal_velocity": (-table["velocity_limit"], table["velocity_limit"]),
        }
        if table["operating_mode"] == POSITION:
            limits["goal_position"] = table["min_position"], table["max_position"]
        low, high = limits.get(name, (value, value))
        return 0 if low <= value <= high else DATA_LIMIT

    def _set(self, name: str, value: int) -> None:
        was_on = self.has_torque
        self.table[name] = value
        if name == "torque" and value and not was_on:
            self._setpoint_rad, self._speed_rad_s = self._position_rad, 0.0
        self.goals += name == "goal_position"
        if name == "operating_mode":
            self.table["goal_current"] = self.table["current_limit"]
            self.table["profile_velocity"] = self.table["profile_acceleration"] = 0

    def _approach(self, goal_rad: float, duration_s: float) -> None:
        """Move the setpoint by the profile: speed and acceleration of 0 know no bound."""
        speed = self.table["profile_velocity"] * SPEED_RAD_S or math.inf
        acceleration = self.table["profile_acceleration"] * ACCELERATION_RAD_S2 or math.inf
        away = goal_rad - self._setpoint_rad
        speed = min(speed, self._speed_rad_s + acceleration * duration_s, math.sqrt(2.0 * acceleration * abs(away)))
        if speed * duration_s >= abs(away):
            self._setpoint_rad, self._speed_rad_s = goal_rad, 0.0
        else:
            self._setpoint_rad += math.copysign(speed * duration_s, away)
            self._speed_rad_s = speed
