"""Keys that are typed in this terminal while a run lasts, each sent at once to what teleoperates."""

import contextlib
import os
import sys
import termios
from collections.abc import Callable
from types import TracebackType
from typing import IO, Any

from ros_wam.bringup import Run
from ros_wam.clock import OFFSET_VARIABLE, StationClock
from ros_wam.teleop.key_socket import KeySender

_MOST = 1024
_LOCAL, _CONTROL = 3, 6  # of what tcgetattr returns


class KeyTerminal:
    """Within the context the terminal passes each key on at once and shows none; Ctrl-C still ends the command.

    However the context is left the terminal is as it was. Without a terminal nothing can be typed, and where nobody
    takes keys the terminal is left alone.
    """

    def __init__(self, run: Run, terminal: IO[str] | None = None, take: Callable[[bytes], None] | None = None) -> None:
        """`terminal`: standard input unless it is given. `take` gets what is typed, in place of what teleoperates."""
        terminal = terminal or sys.stdin
        self._clock = StationClock(int(run.environment[OFFSET_VARIABLE]))  # stamps are compared with the run's
        self._sender = KeySender(run.config.keys_socket)
        listens = take is not None or run.config.device is not None
        self._terminal: int | None = terminal.fileno() if listens and is_terminal(terminal) else None
        self._before: list[Any] | None = None
        self._take = take or self._send

    def __enter__(self) -> "KeyTerminal":
        if self._terminal is not None:
            self._before = termios.tcgetattr(self._terminal)
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, _key_by_key(self._terminal))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sender.close()
        if self._terminal is not None and self._before is not None:
            with contextlib.suppress(termios.error):  # it was closed
                termios.tcsetattr(
                    self._terminal, termios.TCSAFLUSH, self._before
                )  # what nobody took is not the shell's

    @property
    def descriptors(self) -> list[int]:
        """What to wait on for keys; empty once the terminal is gone."""
        return [] if self._terminal is None else [self._terminal]

    def forward(self) -> None:
        """Send what has been typed."""
        assert self._terminal is not None
        try:
            data = os.read(self._terminal, _MOST)
        except OSError:  # it was closed
            data = b""
        if data:
            self._take(data)
        else:
            self._terminal = None

    def _send(self, data: bytes) -> None:
        self._sender.send(data, self._clock.now_ns())


def is_terminal(file: IO[str]) -> bool:
    """Return whether a person can type there."""
    return not file.closed and file.isatty()


def _key_by_key(terminal: int) -> list[Any]:
    attributes = termios.tcgetattr(terminal)
    attributes[0] &= ~termios.IXON  # Ctrl-S would stop what is shown
    attributes[_LOCAL] &= ~(termios.ICANON | termios.ECHO)
    attributes[_CONTROL] = list(attributes[_CONTROL])
    no_key = b"\0"  # Ctrl-Z and Ctrl-\ would leave the shell with a terminal like this
    for name, value in ((termios.VMIN, 1), (termios.VTIME, 0), (termios.VSUSP, no_key), (termios.VQUIT, no_key)):
        attributes[_CONTROL][name] = value
    return attributes
