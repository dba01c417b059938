"""A serial adapter that a vendor library opens by its path: a pseudo terminal, with a symlink as udev makes it."""

import contextlib
import os
import termios
import tty
from pathlib import Path

from ros_wam.errors import SimError

_READ_SIZE = 4096


class DynamixelPort:
    """The far end of the terminal at `path`. What is read and written never waits; a line that is full loses bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._near = self._far = -1

    def open(self) -> None:
        """Plug the adapter in. Raises SimError if there is something else at `path`. Repeatable."""
        if self._far >= 0:
            return
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        try:
            if self.path.is_symlink():  # of an emulator that was killed
                self.path.unlink()
            self.path.symlink_to(os.ttyname(self._near))
        except OSError as error:
            self._close_terminal()
            raise SimError(f"cannot make the serial port {self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Unplug the adapter: whoever has it open gets EIO. Repeatable."""
        if self._far < 0:
            return
        with contextlib.suppress(FileNotFoundError):  # its folder may be gone already
            self.path.unlink()
        self._close_terminal()

    def has_baud_rate(self, rate: int) -> bool:
        """Return whether the other end is set to `rate`, a constant of termios."""
        return bool(termios.tcgetattr(self._near)[4] == rate)

    def read(self) -> bytes:
        """Return what has come."""
        try:
            return b"" if self._far < 0 else os.read(self._far, _READ_SIZE)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        """Send."""
        if self._far >= 0:
            with contextlib.suppress(BlockingIOError):
                os.write(self._far, data)

    def _close_terminal(self) -> None:
        os.close(self._far)
        os.close(self._near)
        self._far = self._near = -1
