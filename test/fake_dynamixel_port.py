"""A port of a servo bus whose servos rest, for the tests of the thread that reads it."""

import threading
from collections.abc import Callable, Mapping, Sequence

from ros_wam.drivers.dynamixel_port import Answers
from ros_wam.drivers.dynamixel_servos import GOAL_POSITION, MIDDLE, Register
from ros_wam.drivers.dynamixel_state import BEGIN

PATIENCE_S = 10.0


class Port:
    """Tells of servos that rest in the middle. What is in `fails` is raised by the next reading; readings wait while
    `free` is not set. `missing` do not answer: `silent` counts how often, and `when_missing` is called. `done` is what
    was asked, in order: addresses read, goals written.
    """

    def __init__(self) -> None:
        self.missing: set[int] = set()
        self.when_missing: Callable[[], object] = lambda: None
        self.silent = 0
        self.done: list[int | dict[int, int]] = []
        self.velocity = 0
        self.free, self.waits = threading.Event(), threading.Event()
        self.free.set()
        self.fails: Exception | None = None
        self.is_open = True

    def read(self, numbers: Sequence[int], address: int, size: int, *, is_hurried: bool = False) -> Answers:
        if not self.free.is_set():
            self.waits.set()
            self.free.wait(PATIENCE_S)
        if self.fails is not None:
            raise self.fails
        self.done.append(address)
        answers = Answers()
        data = bytes(2) + self.velocity.to_bytes(4, "little") + MIDDLE.to_bytes(4, "little")
        for number in numbers:
            if number in self.missing:
                answers.missing, answers.why = number, "silence"
                self.silent += 1
                self.when_missing()
                break
            answers[number] = data if address == BEGIN else bytes(size)
        return answers

    read_surely = read

    def write_all(self, register: Register, values: Mapping[int, int]) -> None:
        if register is GOAL_POSITION:
            self.done.append(dict(values))

    @property
    def goals(self) -> list[dict[int, int]]:
        """What was written."""
        return [each for each in self.done if isinstance(each, dict)]

    def close(self) -> None:
        self.is_open = False
