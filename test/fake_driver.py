"""A driver module for tests of the control process: its robot follows perfectly and misbehaves when a file says so.

The station's `robot` mapping names the folder; a file in it called `hang`, `crash`, `abort`, `stop`, `slow`, `spent` or
`absent` asks for that, `hang_on_stop` for hanging there, `hang_in_library` for hanging with the GIL held. What the
driver is told is noted in files there.
"""

import ctypes
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import DriverSpent, DriverUnreachable, RobotStopped
from ros_wam.types import Command, JointState


def open_driver(embodiment: Embodiment, settings: Mapping[str, Any], clock: Clock) -> "FakeDriver":
    return FakeDriver(embodiment, Path(settings["folder"]), clock)


def last_resort_stop(settings: Mapping[str, Any]) -> str:
    (Path(settings["folder"]) / "last_resort_stop").touch()
    return "the robot was told to stop"


class FakeDriver:
    """Follows perfectly."""

    def __init__(self, embodiment: Embodiment, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._position = embodiment.home_position

    def connect(self) -> None:
        if self._asked("absent"):
            raise DriverUnreachable("nothing answers")

    def read(self) -> JointState:
        if self._asked("crash"):
            sys.stderr.write("libvendor: assertion failed\n")
            sys.stderr.flush()
            ctypes.string_at(0)
        if self._asked("abort"):
            os.abort()
        if self._asked("hang_in_library"):
            ctypes.PyDLL(None).sleep(60)
        self._hang_while("hang")
        if self._asked("stop"):
            raise RobotStopped("protective stop")
        still = np.zeros(len(self._position))
        return JointState(self._clock.now_ns(), self._position, still, still, np.zeros(1))

    def send(self, command: Command) -> Command:
        self._position = command.position
        return command

    def stop(self) -> None:
        self._hang_while("hang_on_stop")
        (self._folder / "stopped").touch()

    def recover(self) -> None:
        if self._asked("spent"):
            raise DriverSpent("libvendor lost its link")
        if self._asked("slow"):
            self._clock.sleep_until_ns(self._clock.now_ns() + 500_000_000)
        (self._folder / "stop").unlink(missing_ok=True)

    def facts(self) -> Mapping[str, str]:
        return {"library": "libvendor 1.0", "firmware": "1.2.3", "safety_mode": "normal"}

    def close(self) -> None:
        self.stop()
        (self._folder / "closed").touch()

    def _hang_while(self, name: str) -> None:
        while self._asked(name):
            self._clock.sleep_until_ns(self._clock.now_ns() + 10_000_000)

    def _asked(self, name: str) -> bool:
        return (self._folder / name).exists()
