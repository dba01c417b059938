"""Policy servers that speak the openpi framing: the server speaks first, then one answer per request.

Keep-alive pings are off: a server that is busy with an inference does not answer them. A text frame is the traceback
of the server's error.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import PolicyAnswerInvalid, PolicyError, PolicyTimeout, PolicyUnreachable, SpecError
from ros_wam.policy import codecs
from ros_wam.policy.handshake import check_metadata
from ros_wam.policy.profile import Profile
from ros_wam.policy.schema import build_request, read_actions, server_infer_ms
from ros_wam.types import Observation, Reply

CLOSE_TIMEOUT_S = 0.5


class WebsocketClient:
    """A PolicyClient over a websocket. After any error the connection is dropped, so that no late answer is read."""

    def __init__(self, profile: Profile, embodiment: Embodiment, clock: Clock) -> None:
        profile.check_robot(embodiment)
        self._profile = profile
        self._embodiment = embodiment
        self._clock = clock
        self._stack = contextlib.ExitStack()
        self._connection: ClientConnection | None = None
        self._metadata: Mapping[str, Any] = {}
        self._answered = False

    def connect(self) -> Mapping[str, Any]:
        """See PolicyClient. A connection that the server has closed meanwhile is replaced."""
        if self._connection is not None and self._connection.state is not State.OPEN:
            self.close()
        if self._connection is None:
            with self._dropping():
                connection = self._open()
                metadata = self._receive(connection, self._profile.timeouts.connect_s, "its metadata")
                if not isinstance(metadata, Mapping):
                    kind = type(metadata).__name__
                    raise PolicyAnswerInvalid(f"metadata of {self._profile.url} is of type {kind}, must be a map")
                check_metadata(self._profile, self._embodiment, metadata)
                self._connection, self._metadata, self._answered = connection, metadata, False
        return self._metadata

    def infer(self, observation: Observation) -> Reply:
        """See PolicyClient. `timing_ms`: encode (connecting included), round_trip (server included), decode."""
        start_ns = self._clock.now_ns()
        self.connect()
        connection, timeouts = self._connection, self._profile.timeouts
        assert connection is not None
        limit_s = timeouts.call_s if self._answered else timeouts.first_call_s
        request = codecs.encode(build_request(self._profile, self._embodiment, observation))
        sent_ns = self._clock.now_ns()
        with self._dropping():
            self._refuse_unasked(connection)
            self._send(connection, request, limit_s)
            data = self._frame(connection, limit_s, "an answer")
            received_ns = self._clock.now_ns()
            answer = self._decode(data)
            actions = read_actions(self._profile, answer)
        self._answered = True
        timing_ms = {
            "encode": (sent_ns - start_ns) * 1e-6,
            "round_trip": (received_ns - sent_ns) * 1e-6,
            "decode": (self._clock.now_ns() - received_ns) * 1e-6,
        }
        return Reply(actions, server_infer_ms(answer), timing_ms)

    def reset(self) -> None:
        """Begin with a new connection: what a server remembers of an episode, it remembers per connection."""
        if self._answered:
            self.close()
        self.connect()

    def close(self) -> None:
        """See PolicyClient."""
        self._connection, self._answered = None, False
        with contextlib.suppress(OSError):
            self._stack.close()

    @contextlib.contextmanager
    def _dropping(self) -> Iterator[None]:
        try:
            yield
        except ConnectionClosed as error:
            self.close()
            raise PolicyUnreachable(f"policy server {self._profile.url} closed the connection: {error}") from error
        except PolicyError:
            self.close()
            raise

    def _open(self) -> ClientConnection:
        url, timeout_s = self._profile.url, self._profile.timeouts.connect_s
        try:
            opening = connect(
                url,
                compression=None,
                max_size=codecs.MAX_MESSAGE_BYTES,
                open_timeout=timeout_s,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=None,
                proxy=None,
            )
            connection: ClientConnection = self._stack.enter_context(opening)
        except TimeoutError as error:
            raise PolicyUnreachable(f"policy server {url} did not connect within {timeout_s:g} s") from error
        except (OSError, ValueError, InvalidHandshake, InvalidURI) as error:  # ValueError: what is no host or port
            raise PolicyUnreachable(f"policy server {url} cannot be reached: {error}") from error
        return connection

    def _send(self, connection: ClientConnection, request: bytes, limit_s: float) -> None:
        """Cut the connection where the server does not take the request in time: `send` itself has no limit."""
        late = threading.Event()

        def cut() -> None:
            late.set()
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(limit_s, cut)
        timer.start()
        try:
            connection.send(request)
        except ConnectionClosed:
            if not late.is_set():
                raise
        finally:
            timer.cancel()
        if late.is_set():
            raise PolicyTimeout(f"policy server {self._profile.url} did not take a request in {limit_s:g} s")

    def _refuse_unasked(self, connection: ClientConnection) -> None:
        with contextlib.suppress(TimeoutError):
            connection.recv(timeout=0.0)
            raise PolicyAnswerInvalid(f"policy server {self._profile.url} sent a frame that answers no request")

    def _receive(self, connection: ClientConnection, timeout_s: float, what: str) -> Any:
        return self._decode(self._frame(connection, timeout_s, what))

    def _frame(self, connection: ClientConnection, timeout_s: float, what: str) -> bytes:
        try:
            data = connection.recv(timeout=timeout_s)
        except TimeoutError as error:
            raise PolicyTimeout(f"policy server {self._profile.url} did not send {what} in {timeout_s:g} s") from error
        if isinstance(data, str):
            last_line = data.strip().rpartition("\n")[2]
            raise PolicyAnswerInvalid(f"policy server {self._profile.url} failed: {last_line}")
        return data

    def _decode(self, data: bytes) -> Any:
        try:
            return codecs.decode(data)
        except SpecError as error:
            raise PolicyAnswerInvalid(f"answer of {self._profile.url}: {error}") from error


def make_client(profile: Profile, embodiment: Embodiment, clock: Clock) -> WebsocketClient:
    """Return an unconnected client; raises ConfigError where the robot does not fit the profile."""
    return WebsocketClient(profile, embodiment, clock)
