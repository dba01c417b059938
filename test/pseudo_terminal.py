"""A person at a terminal: types keys as a keyboard repeats them into a command that runs in it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from typing import Any

from ros_wam.clock import StationClock, station_offset_ns
from ros_wam.share import import_dir

DELAY_S, PERIOD_S = 0.4, 0.033
"""Before a key repeats, and between two repeats."""
_ROWS, _COLUMNS = 40, 120
_CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class PseudoTerminal:
    """`ros-wam ARGUMENTS` in a terminal; `shown` is all that it showed, without colours and movements."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.person, self.terminal = pty.openpty()
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self.before = termios.tcgetattr(self.terminal)
        self.clock = StationClock(station_offset_ns())
        self.shown = ""
        self.process = subprocess.Popen(
            # what a shell runs in the background ignores Ctrl-C, these tests perhaps included
            ["env", "--default-signal=INT", sys.executable, "-m", "ros_wam.cli.main", *arguments],
            stdin=self.terminal,
            stdout=self.terminal,
            stderr=self.terminal,
            cwd=import_dir(),
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )

    def close(self) -> None:
        """End the command at once, if it runs."""
        self.process.kill()
        self.process.wait()
        for descriptor in (self.person, self.terminal):
            os.close(descriptor)

    @property
    def attributes(self) -> list[Any]:
        """How the terminal is set now."""
        return termios.tcgetattr(self.terminal)

    def look(self, duration_s: float) -> None:
        """Let time pass, and see what is shown."""
        deadline_ns = self.clock.now_ns() + round(duration_s * 1e9)
        while (left_s := (deadline_ns - self.clock.now_ns()) * 1e-9) > 0.0:
            if select.select([self.person], [], [], left_s)[0]:
                self.shown += _CODES.sub("", os.read(self.person, 1 << 16).decode(errors="replace"))

    def wait(self, holds: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Look until `holds()`; an AssertionError shows what there was to see."""
        deadline_ns = self.clock.now_ns() + round(timeout_s * 1e9)
        while not holds():
            assert self.clock.now_ns() < deadline_ns, self.shown[-3000:]
            assert self.process.poll() is None or holds(), self.shown[-3000:]
            self.look(0.05)

    def sees(self, *words: str) -> Callable[[], bool]:
        """Return whether all of `words` are shown from now on, for `wait`."""
        begin = len(self.shown)
        return lambda: all(each in self.shown[begin:] for each in words)

    def tap(self, key: str) -> int:
        """Press a key for a moment; return when."""
        now_ns = self.clock.now_ns()
        os.write(self.person, key.encode())
        return now_ns

    def hold(self, key: str, duration_s: float) -> int:
        """Hold a key; return when it repeated last."""
        last_ns = self.tap(key)
        self.look(DELAY_S)
        end_ns = self.clock.now_ns() + round(duration_s * 1e9)
        while self.clock.now_ns() < end_ns:
            last_ns = self.tap(key)
            self.look(PERIOD_S)
        return last_ns

    def end(self, timeout_s: float = 30.0) -> int:
        """Wait for the command to end by itself, and return its exit status."""
        self.wait(lambda: self.process.poll() is not None, timeout_s)
        return self.process.wait()
