"""Typed keys on their way from the operator's terminal to the process that teleoperates: datagrams with stamps.

A datagram is what one read of the terminal gave, after its stamp. Nothing is answered, kept or sent again: keys that do
not arrive are not held.
"""

import contextlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

_STAMP = struct.Struct("<q")
_LONGEST = 4096


class KeySender:
    """The terminal's end."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def send(self, data: bytes, stamp_ns: int) -> bool:
        """Send what was typed at `stamp_ns`; return False when nobody takes it."""
        try:
            self._socket.sendto(_STAMP.pack(stamp_ns) + data[: _LONGEST - _STAMP.size], self._path)
        except OSError:  # the other end is not there yet, is started again, or has more than it reads
            return False
        return True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class KeySocket:
    """The end that hears; makes the socket at `path`, in place of one that a killed process left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def read(self, now_ns: int) -> Iterator[tuple[bytes, int]]:
        """Yield what has arrived and when it was typed, which is not later than now, whatever a stamp says."""
        while True:
            try:
                datagram = self._socket.recv(_LONGEST)
            except BlockingIOError:
                return
            if len(datagram) >= _STAMP.size:
                yield datagram[_STAMP.size :], min(_STAMP.unpack_from(datagram)[0], now_ns)

    def close(self) -> None:
        """Close the socket and remove its file."""
        self._socket.close()
        self._path.unlink(missing_ok=True)
