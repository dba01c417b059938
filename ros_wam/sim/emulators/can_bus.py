"""An emulated CAN bus: what one socket sends reaches every other, and the emulator."""

import socket
import struct
from typing import NamedTuple

from ros_wam.can_socket import can_socket
from ros_wam.errors import SimError

_FRAME = struct.Struct("=IB3x8s")  # struct can_frame


class Frame(NamedTuple):
    """One CAN frame: identifier and 8 data bytes."""

    identifier: int
    data: bytes


class CanBus:
    """The sockets on one bus, nonblocking. A socket that does not read loses frames, as on a real bus."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def join(self, link: socket.socket) -> None:
        """Put a socket on the bus."""
        self._sockets.append(link)

    def join_kernel(self, interface: str) -> None:
        """Sit on the kernel's own CAN interface, such as a vcan; raises SimError."""
        try:
            link = can_socket(interface)
        except OSError as error:
            raise SimError(f"no CAN interface {interface}: {error.strerror}") from error
        link.setblocking(False)
        self.join(link)

    def receive(self) -> list[Frame]:
        """Return what the sockets sent since the last call, and pass it on among them."""
        frames = []
        for link in list(self._sockets):
            for data in self._drain(link):
                for other in [other for other in self._sockets if other is not link]:
                    self._put(other, data)
                identifier, _, content = _FRAME.unpack(data)
                frames.append(Frame(identifier, content))
        return frames

    def send(self, frame: Frame) -> None:
        """Send a frame to every socket."""
        data = _FRAME.pack(frame.identifier, len(frame.data), frame.data)
        for link in list(self._sockets):
            self._put(link, data)

    def close(self) -> None:
        """Close every socket. Repeatable."""
        for link in self._sockets:
            link.close()
        self._sockets = []

    def _drain(self, link: socket.socket) -> list[bytes]:
        received: list[bytes] = []
        while True:
            try:
                data = link.recv(_FRAME.size)
            except BlockingIOError:
                return received
            except OSError:  # closed, by itself or for not taking what was sent to it
                data = b""
            if len(data) != _FRAME.size:  # closed
                self._leave(link)
                return received
            received.append(data)

    def _put(self, link: socket.socket, data: bytes) -> None:
        try:
            link.send(data)
        except BlockingIOError:
            return
        except ConnectionError:
            self._leave(link)

    def _leave(self, link: socket.socket) -> None:
        link.close()
        if link in self._sockets:
            self._sockets.remove(link)
