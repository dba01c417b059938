"""The port of an emulated leader under a virtual clock: what is asked is answered at once, by the servos themselves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ros_wam.clock import FakeClock
from ros_wam.drivers.dynamixel_port import Answers
from ros_wam.drivers.dynamixel_servos import Register
from ros_wam.errors import DriverError, DriverUnreachable
from ros_wam.sim.emulators.leader import LeaderEmulator
from ros_wam.teleop import leader_bus
from ros_wam.teleop.leader_settings import LeaderSettings

HURRY_NS = 8_000_000


class VirtualPort:
    """Stands in for `DynamixelPort`. A silent servo costs the time that is waited for it, and mutes all after it."""

    leader: LeaderEmulator
    settings: LeaderSettings

    def __init__(self, path: str, clock: FakeClock) -> None:
        self._path, self._clock = path, clock
        self._arm = next(k for k, arm in enumerate(self.settings.arms.values()) if arm.port == path)
        if not Path(path).is_symlink():
            raise DriverUnreachable(f"cannot open the servo bus {path}: it is not there")

    def read(self, numbers: Sequence[int], address: int, size: int, *, is_hurried: bool = False) -> Answers:
        self._require()
        self.leader.hand.advance(self._clock.now_ns())
        self.leader.sense()
        answers = Answers()
        for number in numbers:
            servo = self.leader.servos[self._arm][number]
            data = servo.table.read(address, size)
            if not servo.can_hear(self._clock.now_ns()) or data is None:
                self._clock.advance_ns(HURRY_NS)
                answers.missing, answers.why = number, "silence"
                break
            answers[number] = data
        return answers

    read_surely = read

    def write_all(self, register: Register, values: Mapping[int, int]) -> None:
        self._require()
        for number, value in values.items():
            servo = self.leader.servos[self._arm][number]
            servo.write(register.address, value.to_bytes(register.size, "little"))

    def close(self) -> None: ...

    def _require(self) -> None:
        if not Path(self._path).is_symlink():
            raise DriverError(f"the servo bus {self._path} is gone: unplugged")


def put_in_place(monkeypatch: pytest.MonkeyPatch, leader: LeaderEmulator, settings: LeaderSettings) -> None:
    """Have leaders that are opened from now on talk to `leader` in no time."""
    made = type("Port", (VirtualPort,), {"leader": leader, "settings": settings})
    monkeypatch.setattr(leader_bus, "DynamixelPort", made)
