"""An openpi server that does for once what a test says, in place of an answer: die, flood, fall silent, or trickle."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wire.openpi_arrays import pack
from wire.openpi_server import Actions, OpenpiServer, Request

Deed = Callable[["UnreliableServer", ServerConnection], None]


class UnreliableServer(OpenpiServer):
    """Does `deed` in place of the answer to the next request once `fail_next` is set; `released` ends what lasts."""

    def __init__(self, hold: Actions, deed: Deed) -> None:
        super().__init__(hold, {"model": "first"})
        self.deed = deed
        self.released = threading.Event()

    def actions(self, request: Request) -> np.ndarray:
        """See OpenpiServer."""
        if self.fail_next:
            self.fail_next = False
            self.deed(self, self.here)
        return super().actions(request)

    def stop(self) -> None:
        """See WebsocketServer."""
        self.released.set()
        super().stop()


def dies(server: UnreliableServer, connection: ServerConnection) -> None:
    """The process is killed."""
    server.stop()


def resets(server: UnreliableServer, connection: ServerConnection) -> None:
    """The connection is reset, as by a machine that has started again."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


def half_closes(server: UnreliableServer, connection: ServerConnection) -> None:
    """Nothing more will be sent, and nobody says so above TCP."""
    connection.socket.shutdown(socket.SHUT_WR)
    server.released.wait(10.0)


def falls_silent(server: UnreliableServer, connection: ServerConnection) -> None:
    """The connection stays, and nothing comes."""
    server.released.wait(10.0)


def floods(server: UnreliableServer, connection: ServerConnection) -> None:
    """Answers come and come."""
    frame = pack({"actions": np.zeros((15, 8)), "padding": bytes(100_000)})
    with contextlib.suppress(ConnectionClosed):
        while not server.released.is_set():
            connection.send(frame)


def sends_too_much(server: UnreliableServer, connection: ServerConnection) -> None:
    """One message has no end."""
    with contextlib.suppress(ConnectionClosed):
        connection.send(bytes(8_000_000) for _ in range(20))


def trickles(server: UnreliableServer, connection: ServerConnection) -> None:
    """An answer comes, byte by byte, and never ends."""
    with contextlib.suppress(OSError):
        connection.socket.sendall(b"\x82\x7e\x40\x00")  # the head of a frame of 16 kB
        while not server.released.wait(0.01):
            connection.socket.sendall(b"\x00")


def trickles_fragments(server: UnreliableServer, connection: ServerConnection) -> None:
    """An answer comes in fragments of a byte, and never ends."""

    def fragments() -> object:
        while not server.released.wait(0.01):
            yield b"\x00"

    with contextlib.suppress(ConnectionClosed):
        connection.send(fragments())  # type: ignore[arg-type]
