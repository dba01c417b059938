"""The control table of an X-series Dynamixel servo: what is where, and what may be written (ROBOTIS e-Manual)."""

from collections.abc import Mapping
from typing import NamedTuple

RESULT_FAIL, INSTRUCTION, DATA_RANGE, DATA_LENGTH, DATA_LIMIT, ACCESS = 1, 2, 4, 5, 6, 7
"""Errors of a status packet; 3 is a wrong CRC."""
ALERT = 0x80
SIZE = 147
EEPROM_END = 64


class Field(NamedTuple):
    """One register: its address, size in bytes, value after the first power-on, and range; None: read only."""

    address: int
    size: int
    initial: int
    range: tuple[int, int] | None = None

    @property
    def is_signed(self) -> bool:
        """Whether its values may be negative."""
        return (self.range is not None and self.range[0] < 0) or self.address in _SIGNED


_SIGNED = (126, 128, 132)
_TICKS, _TURN = (-1_048_575, 1_048_575), (0, 4095)

FIELDS = {
    "model": Field(0, 2, 0),
    "firmware": Field(6, 1, 45),
    "id": Field(7, 1, 1, (0, 252)),
    "baud_rate": Field(8, 1, 1, (0, 7)),
    "return_delay": Field(9, 1, 250, (0, 254)),
    "drive_mode": Field(10, 1, 0, (0, 5)),
    "operating_mode": Field(11, 1, 3, (0, 16)),
    "secondary_id": Field(12, 1, 255, (0, 255)),
    "homing_offset": Field(20, 4, 0, (-1_044_479, 1_044_479)),
    "current_limit": Field(38, 2, 2047, (0, 2047)),
    "velocity_limit": Field(44, 4, 128, (0, 1023)),
    "max_position": Field(48, 4, 4095, _TURN),
    "min_position": Field(52, 4, 0, _TURN),
    "shutdown": Field(63, 1, 52, (0, 63)),
    "torque": Field(64, 1, 0, (0, 1)),
    "led": Field(65, 1, 0, (0, 1)),
    "status_level": Field(68, 1, 2, (0, 2)),
    "hardware_error": Field(70, 1, 0),
    "position_d": Field(80, 2, 0, (0, 16383)),
    "position_i": Field(82, 2, 0, (0, 16383)),
    "position_p": Field(84, 2, 800, (0, 16383)),
    "bus_watchdog": Field(98, 1, 0, (0, 127)),
    "goal_pwm": Field(100, 2, 885, (-885, 885)),
    "goal_current": Field(102, 2, 2047, (-2047, 2047)),
    "goal_velocity": Field(104, 4, 0, (-1023, 1023)),
    "profile_acceleration": Field(108, 4, 0, (0, 32767)),
    "profile_velocity": Field(112, 4, 0, (0, 32767)),
    "goal_position": Field(116, 4, 0, _TICKS),
    "moving": Field(122, 1, 0),
    "present_current": Field(126, 2, 0),
    "present_velocity": Field(128, 4, 0),
    "present_position": Field(132, 4, 0),
    "voltage": Field(144, 2, 120),
    "temperature": Field(146, 1, 34),
}


class ControlTable:
    """The registers of one servo, by name or by address. It knows sizes and ranges, not what they mean."""

    def __init__(self, eeprom: Mapping[str, int]) -> None:
        """Begin with `eeprom` in place of the first values."""
        self._bytes = bytearray(SIZE)
        self._values: dict[str, int] = {}
        self._initial = {name: field.initial for name, field in FIELDS.items()} | dict(eeprom)
        for name, value in self._initial.items():
            self[name] = value

    def reset_ram(self) -> None:
        """Set what a power cycle sets."""
        for name, field in FIELDS.items():
            if field.address >= EEPROM_END:
                self[name] = self._initial[name]

    def __getitem__(self, name: str) -> int:
        return self._values[name]

    def __setitem__(self, name: str, value: int) -> None:
        field = FIELDS[name]
        self._values[name] = value
        self._bytes[field.address : field.address + field.size] = value.to_bytes(
            field.size, "little", signed=field.is_signed
        )

    def read(self, address: int, size: int) -> bytes | None:
        """Return `size` bytes, None outside the table."""
        return bytes(self._bytes[address : address + size]) if 0 < size <= SIZE - address else None

    def values(self, address: int, data: bytes) -> dict[str, int] | int:
        """Return which registers `data` sets to which values, or the error that a servo answers."""
        found: dict[str, int] = {}
        end = address + len(data)
        for name, field in FIELDS.items():
            if not address <= field.address < end:
                continue
            part = data[field.address - address :][: field.size]
            if len(part) < field.size:
                return DATA_LENGTH
            if field.range is None:
                return ACCESS
            value = int.from_bytes(part, "little", signed=field.is_signed)
            if not field.range[0] <= value <= field.range[1]:
                return DATA_RANGE
            found[name] = value
        return found or ACCESS
