"""Websockets with binary frames; a server speaks first and then gives one answer per request.

Keep-alive pings are off: a server that is busy with an inference does not answer them. A text frame is returned as
text.
"""

import contextlib
import socket
from collections.abc import Iterator

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect

from ros_wam.errors import PolicyAnswerInvalid, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.transports.send_watch import SendWatch
from ros_wam.policy.transports.transport import Address, tls_context

CLOSE_TIMEOUT_S = 0.5


class WebsocketTransport:
    """See Transport."""

    def __init__(self, address: Address) -> None:
        """Raises ConfigError where the certificate to trust cannot be read."""
        self._address = address
        self._tls = tls_context(address) if address.url.startswith("wss:") else None
        self._stack = contextlib.ExitStack()
        self._connection: ClientConnection | None = None
        self._watch: SendWatch | None = None

    @property
    def is_open(self) -> bool:
        """See Transport."""
        return self._connection is not None and self._connection.state is State.OPEN

    def open(self, timeout_s: float) -> bytes | str:
        """See Transport."""
        url = self._address.url
        try:
            opening = connect(
                url,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                max_queue=(2, 1),  # a server that floods is not read from
                open_timeout=timeout_s,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=None,
                proxy=None,
                additional_headers=dict(self._address.headers),
                ssl=self._tls,
            )
            self._connection = connection = self._stack.enter_context(opening)
        except TimeoutError as error:
            raise PolicyUnreachable(f"policy server {url} did not connect within {timeout_s:g} s") from error
        except (OSError, ValueError, InvalidHandshake, InvalidURI) as error:  # ValueError: what is no host or port
            raise PolicyUnreachable(f"policy server {url} cannot be reached: {error}") from error
        except AssertionError as error:  # the library's own, where an upgrade's headers have no end
            raise PolicyUnreachable(f"policy server {url} cannot be reached: its headers have no end") from error
        self._watch = SendWatch(lambda: _cut(connection.socket))
        self._stack.callback(self._watch.close)
        return self._frame(connection, timeout_s, "its metadata")

    def exchange(self, request: bytes, timeout_s: float, endpoint: str = "") -> bytes | str:
        """See Transport; there is but one endpoint."""
        connection = self._connection
        if connection is None:
            raise PolicyUnreachable(f"policy server {self._address.url} is not connected")
        with self._closed_told():
            self._refuse_unasked(connection)
            self._send(connection, request, timeout_s)
        return self._frame(connection, timeout_s, "an answer")

    def close(self) -> None:
        """See Transport."""
        self._connection = None
        with contextlib.suppress(OSError):
            self._stack.close()

    @contextlib.contextmanager
    def _closed_told(self) -> Iterator[None]:
        try:
            yield
        except ConnectionClosed as error:
            if error.sent is not None and not error.rcvd_then_sent:  # the library refused what came
                told = f"policy server {self._address.url} sent what is no answer of at most {MAX_MESSAGE_BYTES} bytes"
                raise PolicyAnswerInvalid(f"{told}: {error}") from error
            raise PolicyUnreachable(f"policy server {self._address.url} closed the connection: {error}") from error

    def _send(self, connection: ClientConnection, request: bytes, limit_s: float) -> None:
        """Cut the connection where the server does not take the request in time: `send` itself has no limit."""
        assert self._watch is not None
        try:
            with self._watch.limited(limit_s):
                connection.send(request)
        except ConnectionClosed:
            if not self._watch.was_late:
                raise
        if self._watch.was_late:
            raise PolicyTimeout(f"policy server {self._address.url} did not take a request in {limit_s:g} s")

    def _refuse_unasked(self, connection: ClientConnection) -> None:
        with contextlib.suppress(TimeoutError):
            connection.recv(timeout=0.0)
            raise PolicyAnswerInvalid(f"policy server {self._address.url} sent a frame that answers no request")

    def _frame(self, connection: ClientConnection, timeout_s: float, what: str) -> bytes | str:
        with self._closed_told():
            try:
                return connection.recv(timeout=timeout_s)
            except TimeoutError as error:
                told = f"policy server {self._address.url} did not send {what} in {timeout_s:g} s"
                raise PolicyTimeout(told) from error


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def make_transport(address: Address) -> WebsocketTransport:
    """Return an unconnected transport."""
    return WebsocketTransport(address)
