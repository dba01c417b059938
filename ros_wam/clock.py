"""The station's one clock: CLOCK_MONOTONIC plus one offset, so that a step of the wall clock moves nothing.

This is the only module that reads a clock or sleeps. Everything else is given the time, or a `Clock`.
"""

import ctypes
import os
import time
from typing import Protocol

OFFSET_VARIABLE = "ROS_WAM_CLOCK_OFFSET_NS"
_TIMEX_BYTES = 256  # more than struct timex of <sys/timex.h>; all zeros asks and changes nothing
_TIME_ERROR = 5


class Clock(Protocol):
    """Station time in integer nanoseconds."""

    def now_ns(self) -> int:
        """Return the station time."""
        ...

    def sleep_until_ns(self, deadline_ns: int) -> None:
        """Return at `deadline_ns`, at once if it has passed."""
        ...


class StationClock:
    """The real clock. All processes of a station share `offset_ns` (from the environment), so their stamps compare."""

    def __init__(self, offset_ns: int | None = None) -> None:
        self._offset_ns = int(os.environ.get(OFFSET_VARIABLE, "0")) if offset_ns is None else offset_ns

    def now_ns(self) -> int:
        return time.monotonic_ns() + self._offset_ns

    def sleep_until_ns(self, deadline_ns: int) -> None:
        remaining_ns = deadline_ns - self.now_ns()
        if remaining_ns > 0:
            time.sleep(remaining_ns * 1e-9)


class FakeClock:
    """A clock that moves only when it is told to; sleeping moves it."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until_ns(self, deadline_ns: int) -> None:
        self._now_ns = max(self._now_ns, deadline_ns)

    def advance_ns(self, duration_ns: int) -> None:
        """Move the clock forward by `duration_ns`."""
        self._now_ns += duration_ns


def station_offset_ns() -> int:
    """Return the offset that makes station time agree with the wall clock now; bringup calls it once per station."""
    return time.time_ns() - time.monotonic_ns()


def host_clocks_ns() -> tuple[int, int]:
    """Return what this host's CLOCK_MONOTONIC and its wall clock show now: devices' drivers stamp by one of them."""
    return time.monotonic_ns(), time.time_ns()


def wall_clock_label() -> str:
    """Return the local date and time as a folder name that sorts."""
    return time.strftime("%Y%m%d-%H%M%S")


def wall_clock_synchronised() -> bool | None:
    """Return whether the kernel says that something keeps its wall clock right; None where it does not tell."""
    state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    return None if state < 0 else state != _TIME_ERROR
