"""Whether this machine stood still, seen by a process that does nothing but look at the clock.

A virtual machine may be stopped for seconds. A robot's watchdogs then do what they are for, and a test in real time
fails rightly: it ran on no robot's computer. Such a test runs again; no other does.
"""

import select
import subprocess
import sys
import time

import pytest

PAUSE_S = 0.5
"""As long as the shortest watchdog of a robot; shorter pauses, as a busy machine's, have to be stood."""
ATTEMPTS = 3
_LOOK_S = 0.05


class MachinePauses:
    """`start` and `close` it; `longest_s` gives the longest pause since it was last asked."""

    def __init__(self) -> None:
        self.told: list[str] = []
        """What to say of the pauses that tests failed in, a line each."""
        self._watcher: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, __file__]
        self._watcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def longest_s(self) -> float:
        assert self._watcher is not None and self._watcher.stdin is not None and self._watcher.stdout is not None
        self._watcher.stdin.write("?\n")
        self._watcher.stdin.flush()
        return float(self._watcher.stdout.readline())

    def close(self) -> None:
        if self._watcher is not None:
            self._watcher.communicate()
            self._watcher = None

    def mark(self, item: pytest.Item) -> None:
        """Have `item` run again where it fails and the machine stood still meanwhile."""

        def stood_still(error: BaseException | None) -> bool:
            longest_s = self.longest_s()
            if error is None or longest_s < PAUSE_S:
                return False
            self.told.append(f"this machine stood still for {longest_s:.1f} s in {item.nodeid}, which failed")
            return True

        item.add_marker(pytest.mark.flaky(reruns=ATTEMPTS - 1, condition=stood_still))

    def forget(self) -> None:
        """Begin anew, with a test."""
        if self._watcher is not None:
            self.longest_s()


def _watch() -> None:
    longest_s, looked_s = 0.0, time.monotonic()
    while True:
        asked, _, _ = select.select([sys.stdin], [], [], _LOOK_S)
        now_s = time.monotonic()
        longest_s, looked_s = max(longest_s, now_s - looked_s), now_s
        if asked:
            if not sys.stdin.readline():
                return
            sys.stdout.write(f"{longest_s}\n")
            sys.stdout.flush()
            longest_s = 0.0


if __name__ == "__main__":
    _watch()
