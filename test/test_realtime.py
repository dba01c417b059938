"""What the operating system may grant, and what is said of it."""

import ctypes
import gc
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ros_wam.motion import realtime

UNLIMITED, LIMITED = resource.RLIM_INFINITY, 8 << 20


class System:
    """Grants what it is told to, and keeps what it was asked for."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.prioritised: list[int] = []
        self.locked = 0
        self.kept: dict[int, int] = {}
        self.ended: int | None = None
        self.fifo, self.errno, self.limit, self.capabilities = True, 0, UNLIMITED, "CapEff:\t0000000000000000\n"
        patch.setattr(os, "sched_setscheduler", self._schedule)
        patch.setattr(Path, "iterdir", lambda path: iter([path / "7", path / "8"]))
        patch.setattr(resource, "getrlimit", lambda kind: (self.limit, self.limit))
        patch.setattr(Path, "read_text", lambda path: self.capabilities)
        patch.setattr(ctypes, "CDLL", lambda *_, **__: self)
        patch.setattr(ctypes, "get_errno", lambda: self.errno)

    def mlockall(self, flags: int) -> int:
        self.locked += self.errno == 0
        return 0 if self.errno == 0 else -1

    def mallopt(self, option: int, value: int) -> int:
        self.kept[option] = value
        return 1

    def _schedule(self, thread: int, policy: int, parameter: Any) -> None:
        if not self.fifo:
            raise PermissionError
        if thread == self.ended:
            raise ProcessLookupError
        self.prioritised.append(thread)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    yield System(monkeypatch)
    gc.unfreeze()


def test_every_thread_gets_the_priority(system: System) -> None:
    assert realtime.take_priority() == "SCHED_FIFO 60"
    assert system.prioritised == [7, 8]


def test_memory_is_kept_and_so_is_what_is_freed(system: System) -> None:
    assert realtime.keep_memory() == "memory locked"
    assert system.locked == 1
    assert system.kept == {-1: -1, -4: 0}
    assert gc.get_freeze_count() > 0


def test_a_thread_that_has_ended_meanwhile_is_passed_over(system: System) -> None:
    system.ended = 7
    assert realtime.take_priority() == "SCHED_FIFO 60"
    assert system.prioritised == [8]


def test_priority_that_is_not_granted_is_said(system: System) -> None:
    system.fifo = False
    assert realtime.take_priority() == "no SCHED_FIFO (rtprio is not permitted)"


Arrange = Callable[[System], None]


def limited(system: System) -> None:
    system.limit = LIMITED


def exempt(system: System) -> None:
    system.limit, system.capabilities = LIMITED, "Name:\tpython\nCapEff:\t0000000000004000\nCapBnd:\t0\n"


def unknown(system: System) -> None:
    system.limit, system.capabilities = LIMITED, "Name:\tpython\n"


def refused(system: System) -> None:
    system.errno = 12


@pytest.mark.parametrize(
    ("arrange", "said", "locked"),
    [
        (limited, "memory not locked (memlock is limited)", 0),
        (unknown, "memory not locked (memlock is limited)", 0),
        (exempt, "memory locked", 1),
        (refused, "memory not locked (Cannot allocate memory)", 0),
    ],
)
def test_what_is_not_granted_of_memory_is_said(system: System, arrange: Arrange, said: str, locked: int) -> None:
    arrange(system)
    assert realtime.keep_memory() == said
    assert system.locked == locked
