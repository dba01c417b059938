"""Serve a policy over a websocket in the openpi framing, so that this package's client and openpi's own can call it.

One thread and one session per connection; inferences run one at a time, as on one GPU.
"""

import contextlib
import socket
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync import server as websocket_server
from websockets.sync.server import ServerConnection

from ros_wam.clock import Clock
from ros_wam.errors import ConfigError, SpecError
from ros_wam.policy import codecs

HEALTH_PATH = "/healthz"
OPEN_TIMEOUT_S = 2.0
CLOSE_TIMEOUT_S = 1.0
_LATENCY_STEP_NS = 50_000_000
_GOING_AWAY, _INTERNAL_ERROR = 1001, 1011  # RFC 6455


class ServedPolicy(Protocol):
    """What can be served. `infer` is never called by two threads at once."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the server declares to every client first; see `handshake.py` for what clients compare."""
        ...

    def warm_up(self) -> None:
        """Make the first inference as fast as later ones; called once, before anybody can connect."""
        ...

    def new_session(self) -> Any:
        """Return the state that belongs to one connection, None if there is none."""
        ...

    def infer(self, request: Mapping[str, Any], session: Any) -> Mapping[str, Any]:
        """Return the answer to one request; whatever this raises reaches the client as a traceback."""
        ...


class PolicyServer:
    """A server in its own threads: ready after `start`, gone for good after `stop`. Port 0 takes a free one; see `url`.

    `inference_latency_ms` is how long an inference takes at least; the time is waited for on the clock. An answer's
    `server_timing` tells `infer_ms`, the inference with that wait and nothing else: whatever more a caller waits for is
    software; and `prev_total_ms`, all that this session's previous request took here.
    """

    def __init__(
        self, policy: ServedPolicy, host: str, port: int, clock: Clock, inference_latency_ms: float = 0.0
    ) -> None:
        self._policy = policy
        self._host = host
        self._port = port
        self._clock = clock
        self._latency_ns = round(inference_latency_ms * 1e6)
        self._one_at_a_time = threading.Lock()
        self._sessions: dict[ServerConnection, threading.Thread] = {}
        self._stopping = threading.Event()
        self._server: websocket_server.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"ws://{self._host}:{self._port}"

    def start(self) -> None:
        """Warm the policy up, then listen; raises ConfigError when the port is taken."""
        self._policy.warm_up()
        try:
            self._server = websocket_server.serve(
                self._serve_session,
                self._host,
                self._port,
                compression=None,
                max_size=codecs.MAX_MESSAGE_BYTES,
                process_request=_answer_health,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
            )
        except OSError as error:
            raise ConfigError(f"cannot serve on {self._host}:{self._port}: {error.strerror}") from error
        self._port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="policy_server")
        self._thread.start()

    def stop(self) -> None:
        """Disconnect every client and return when nobody is served any more; may be called twice.

        Waits for an inference that runs, but for no client: one that takes no answer is cut off after a second.
        """
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        self._stopping.set()
        sessions = dict(self._sessions)
        cut = threading.Timer(CLOSE_TIMEOUT_S, _cut, [list(sessions)])  # `close` waits for a `send` that is stuck
        cut.start()
        for connection in sessions:
            connection.close(_GOING_AWAY)
        server.shutdown()
        for session in (thread, *sessions.values()):
            session.join()
        cut.cancel()

    def __enter__(self) -> "PolicyServer":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _serve_session(self, connection: ServerConnection) -> None:
        self._sessions[connection] = threading.current_thread()
        try:
            if not self._stopping.is_set():
                self._talk(connection)
        finally:
            del self._sessions[connection]

    def _talk(self, connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed), _errors_told_to(connection):
            connection.send(codecs.encode(dict(self._policy.metadata)))
            session = self._policy.new_session()
            previous_ms: float | None = None
            for frame in connection:
                start_ns = self._clock.now_ns()
                answer = self._answer(frame, session, previous_ms)
                connection.send(codecs.encode(answer))
                previous_ms = (self._clock.now_ns() - start_ns) * 1e-6

    def _answer(self, frame: str | bytes, session: Any, previous_ms: float | None) -> dict[str, Any]:
        if isinstance(frame, str):
            raise SpecError(f"request is a text frame ({frame[:40]!r}), must be binary msgpack")
        request = codecs.decode(frame)
        with self._one_at_a_time:
            infer_ns = self._clock.now_ns()
            answer = dict(self._policy.infer(request, session))
            policy_ms = (self._clock.now_ns() - infer_ns) * 1e-6
        self._wait_until_ns(infer_ns + self._latency_ns)
        answer.setdefault("policy_timing", {"infer_ms": policy_ms})
        answer["server_timing"] = {"infer_ms": (self._clock.now_ns() - infer_ns) * 1e-6}
        if previous_ms is not None:
            answer["server_timing"]["prev_total_ms"] = previous_ms
        return answer

    def _wait_until_ns(self, deadline_ns: int) -> None:
        while not self._stopping.is_set() and (now_ns := self._clock.now_ns()) < deadline_ns:
            self._clock.sleep_until_ns(min(deadline_ns, now_ns + _LATENCY_STEP_NS))


def serve(
    policy: ServedPolicy,
    host: str,
    port: int,
    clock: Clock,
    stop_event: threading.Event,
    inference_latency_ms: float = 0.0,
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until `stop_event` is set; `on_ready` is told the URL. Raises ConfigError when the port is taken."""
    with PolicyServer(policy, host, port, clock, inference_latency_ms) as server:
        on_ready(server.url)
        stop_event.wait()


def _cut(connections: list[ServerConnection]) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.socket.shutdown(socket.SHUT_RDWR)


def _answer_health(connection: ServerConnection, request: Request) -> Response | None:
    return connection.respond(200, "OK\n") if request.path == HEALTH_PATH else None


@contextlib.contextmanager
def _errors_told_to(connection: ServerConnection) -> Iterator[None]:
    """Send the traceback of whatever goes wrong as a text frame and close with 1011; the error goes on to the log."""
    with contextlib.ExitStack() as stack:

        def tell(kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
            if kind is not None and not issubclass(kind, ConnectionClosed):
                with contextlib.suppress(ConnectionClosed):  # nobody is left to tell: the error still goes to the log
                    connection.send("".join(traceback.format_exception(kind, error, at)))
                connection.close(_INTERNAL_ERROR, "Internal server error. Traceback included in previous frame.")

        stack.push(tell)
        yield
