"""Serve a policy over a websocket in the openpi framing, so that this package's client and openpi's own can call it.

One thread and one session per connection; inferences run one at a time, as on one GPU, and in one thread.
"""

import contextlib
import socket
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.sync import server as websocket_server
from websockets.sync.server import ServerConnection

from ros_wam.clock import Clock
from ros_wam.errors import ConfigError, PolicyUnreachable, SpecError
from ros_wam.policy.codecs import openpi
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.inference_queue import InferenceQueue
from ros_wam.policy.server_door import ServerDoor

OPEN_TIMEOUT_S = 2.0
CLOSE_TIMEOUT_S = 1.0
SEND_TIMEOUT_S = 20.0  # without a byte taken; as long as websockets waits for its pings, which cannot go out then
_LATENCY_STEP_NS = 50_000_000
_GOING_AWAY, _INTERNAL_ERROR = 1001, 1011  # RFC 6455


class ServedPolicy(Protocol):
    """What can be served. One thread makes all calls but for `metadata`: the main one in `ros-wam serve`."""

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

    With a `token`, clients have to send it, see ServerDoor. Each client is read and answered in a thread of its own, so
    that a slow one delays nobody.

    `inference_latency_ms` is how long an inference takes at least; the time is waited for on the clock. An answer's
    `server_timing` tells `infer_ms`, the inference with that wait and nothing else: whatever more a caller waits for is
    software; and `prev_total_ms`, all that this session's previous request took here.
    """

    def __init__(
        self,
        policy: ServedPolicy,
        host: str,
        port: int,
        clock: Clock,
        inference_latency_ms: float = 0.0,
        token: str | None = None,
    ) -> None:
        self._policy = policy
        self._host = host
        self._port = port
        self._clock = clock
        self._latency_ns = round(inference_latency_ms * 1e6)
        self._inferences = InferenceQueue()
        self._sessions: dict[ServerConnection, threading.Thread] = {}
        self._door = ServerDoor(token, self._sessions)
        self._stopping = threading.Event()
        self._server: websocket_server.Server | None = None
        self._threads: tuple[threading.Thread, ...] = ()

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"ws://{self._host}:{self._port}"

    def start(self) -> None:
        """Take the port, then warm the policy up and let clients in; raises ConfigError when the port is taken."""
        self._listen()
        self._run(self._inferences.work, "inferences")
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self._inferences.call(self._policy.warm_up)
            undo.pop_all()
        self._door.is_warm = True

    def serve_here(self, stop_event: threading.Event, on_ready: Callable[[str], None]) -> None:
        """Do as `start`, with all inferences in the calling thread, and return once `stop_event` is set.

        `on_ready` is told the URL.
        """
        self._listen()
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self._policy.warm_up()
            self._door.is_warm = True
            on_ready(self.url)
            threading.Thread(target=self._end_after, args=(stop_event,), name="stop_event", daemon=True).start()
            self._inferences.work()

    def _end_after(self, stop_event: threading.Event) -> None:
        try:
            stop_event.wait()
        finally:
            self._inferences.end()

    def _listen(self) -> None:
        try:
            self._server = websocket_server.serve(
                self._serve_session,
                self._host,
                self._port,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                max_queue=(2, 1),  # who sends more than is answered is not read from
                process_request=self._door.answer,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
            )
        except OSError as error:
            raise ConfigError(f"cannot serve on {self._host}:{self._port}: {error.strerror}") from error
        self._port = self._server.socket.getsockname()[1]
        self._run(self._server.serve_forever, "policy_server")

    def _run(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name)
        self._threads = (*self._threads, thread)
        thread.start()

    def stop(self) -> None:
        """Disconnect every client and return when nobody is served any more; may be called twice.

        Waits for an inference that runs, but for no client: one that takes no answer is cut off after a second.
        """
        server, self._server = self._server, None
        if server is None:
            return
        self._stopping.set()
        sessions = dict(self._sessions)
        cut = threading.Timer(CLOSE_TIMEOUT_S, _cut, [list(sessions)])  # `close` waits for a `send` that is stuck
        cut.start()
        for connection in sessions:
            connection.close(_GOING_AWAY)
        server.shutdown()
        self._inferences.end()
        for thread in (*self._threads, *sessions.values()):
            thread.join()
        cut.cancel()

    def __enter__(self) -> "PolicyServer":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _serve_session(self, connection: ServerConnection) -> None:
        self._sessions[connection] = threading.current_thread()
        timeout_ms = round(SEND_TIMEOUT_S * 1e3)
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_ms)
        try:
            if not self._stopping.is_set():
                self._talk(connection)
        finally:
            del self._sessions[connection]

    def _talk(self, connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed, CancelledError), _errors_told_to(connection):
            connection.send(openpi.encode(dict(self._policy.metadata)))
            session = self._inferences.call(self._policy.new_session)
            previous_ms: float | None = None
            for frame in connection:
                start_ns = self._clock.now_ns()
                answer = self._answer(frame, session, previous_ms)
                connection.send(openpi.encode(answer))
                previous_ms = (self._clock.now_ns() - start_ns) * 1e-6

    def _answer(self, frame: str | bytes, session: Any, previous_ms: float | None) -> dict[str, Any]:
        if isinstance(frame, str):
            raise SpecError(f"request is a text frame ({frame[:40]!r}), must be binary msgpack")
        request = openpi.decode(frame)
        answer: dict[str, Any]
        infer_ns, policy_ms, answer = self._inferences.call(lambda: self._infer(request, session))
        self._wait_until_ns(infer_ns + self._latency_ns)
        answer.setdefault("policy_timing", {"infer_ms": policy_ms})
        answer["server_timing"] = {"infer_ms": (self._clock.now_ns() - infer_ns) * 1e-6}
        if previous_ms is not None:
            answer["server_timing"]["prev_total_ms"] = previous_ms
        return answer

    def _infer(self, request: Mapping[str, Any], session: Any) -> tuple[int, float, dict[str, Any]]:
        start_ns = self._clock.now_ns()
        try:
            answer = dict(self._policy.infer(request, session))
        except (ConnectionClosed, CancelledError) as error:  # the policy's own: this client is still there
            raise PolicyUnreachable(f"the policy lost what it asks itself: {error!r}") from error
        return start_ns, (self._clock.now_ns() - start_ns) * 1e-6, answer

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
    token: str | None = None,
) -> None:
    """Serve until `stop_event` is set; `on_ready` is told the URL. Raises ConfigError when the port is taken."""
    PolicyServer(policy, host, port, clock, inference_latency_ms, token).serve_here(stop_event, on_ready)


def _cut(connections: list[ServerConnection]) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.socket.shutdown(socket.SHUT_RDWR)


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
