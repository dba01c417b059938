"""When a client of a websocket was done sending, and when its answer was there: the same for every client.

It knows both by the methods of websockets' ClientConnection, which our client and openpi's have in common.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from websockets.sync.client import ClientConnection

from ros_wam.clock import Clock


@dataclass
class FrameTimes:
    """Of the last frame sent, and of the last received; `sent_bytes`: what the former carried."""

    sent_ns: int = 0
    received_ns: int = 0
    sent_bytes: int = 0


@contextlib.contextmanager
def timed_frames(clock: Clock) -> Iterator[FrameTimes]:
    """Note the times of all websocket clients of this process."""
    times = FrameTimes()
    send, recv = ClientConnection.send, ClientConnection.recv

    def timed_send(connection: ClientConnection, message: Any, *args: Any, **kwargs: Any) -> None:
        send(connection, message, *args, **kwargs)
        times.sent_ns, times.sent_bytes = clock.now_ns(), len(message)

    def timed_recv(connection: ClientConnection, *args: Any, **kwargs: Any) -> Any:
        received = recv(connection, *args, **kwargs)
        times.received_ns = clock.now_ns()
        return received

    with mock.patch.multiple(ClientConnection, send=timed_send, recv=timed_recv):
        yield times
