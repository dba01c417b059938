"""Wait in real time for what another process or thread is to do."""

import threading
from collections.abc import Callable

from ros_wam.clock import StationClock

TIMEOUT_S = 10.0


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
    clock = StationClock()
    deadline_ns = clock.now_ns() + round(timeout_s * 1e9)
    while not holds():
        assert clock.now_ns() < deadline_ns, f"not within {timeout_s} s: {what}"
        threading.Event().wait(0.01)
