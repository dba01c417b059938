"""Lines that another process writes to a pipe, each as soon as it has come whole."""

import os
import select
from typing import IO

_MOST = 65536


class PipeLines:
    """Reads the pipe's descriptor itself: what a buffer holds `select` does not see."""

    def __init__(self, pipe: IO[str]) -> None:
        self._descriptor = pipe.fileno()
        os.set_blocking(self._descriptor, False)
        self._rest = b""

    def come(self, timeout_s: float) -> list[str]:
        """Return all lines that have come since the last call; waits for the first of them, at most `timeout_s`."""
        select.select([self._descriptor], [], [], timeout_s)
        while data := self._read():
            self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _MOST)
        except BlockingIOError:
            return b""
