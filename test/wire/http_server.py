"""An HTTP server in threads of the test, for the reference servers of every family that talks so.

Connections are kept.
"""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from wire.listening import Listening


@dataclass(frozen=True)
class Answer:
    """What a request gets."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


def told(value: Any, status: int = 200) -> Answer:
    """Return an answer of plain JSON."""
    return Answer(json.dumps(value).encode(), status)


class HttpServer(Listening):
    """Listens once it is entered; a family says in `posted` what a POST to `path` gets. It knows no other path, and
    refuses another method, as FastAPI and Flask do.
    """

    def __init__(self, path: str, secure: ssl.SSLContext | None = None) -> None:
        self._path, self._secure = path, secure
        self._port = 0
        self._server: _Listener | None = None
        self.headers: dict[str, str] = {}
        """Of the last POST."""

    def posted(self, body: bytes, content_type: str) -> Answer:
        """Answer a POST; in a thread of its own."""
        raise NotImplementedError

    def got(self, path: str) -> Answer:
        """Answer a GET."""
        return told({"detail": "Method Not Allowed"}, 405) if path == self._path else told({"detail": "Not Found"}, 404)

    @property
    def url(self) -> str:
        """What a profile's url would be; the same while it is stopped."""
        return f"{'http' if self._secure is None else 'https'}://127.0.0.1:{self._port}{self._path}"

    @property
    def opened(self) -> int:
        """How many connections there have been since it was started."""
        return 0 if self._server is None else self._server.opened

    def start(self) -> None:
        """Listen, at the port of the last time if there was one."""
        self._server = _Listener(("127.0.0.1", self._port), self._handler())
        if self._secure is not None:
            self._server.socket = self._secure.wrap_socket(self._server.socket, server_side=True)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        """Cut every connection and listen no more, as a process that is killed does. Repeatable."""
        if self._server is not None:
            self._server.shutdown()
            self._server.cut()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.headers = dict(self.headers)
                at = self.path == outer._path
                self._send(
                    outer.posted(body, self.headers["Content-Type"]) if at else told({"detail": "Not Found"}, 404)
                )

            def do_GET(self) -> None:
                self._send(outer.got(self.path))

            do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


class HttpModel(HttpServer):
    """A model whose actions are `answer`; `fail_next` and `widen` as the contract of the families has them."""

    def __init__(self, path: str, hold: Callable[[Any], Any], secure: ssl.SSLContext | None = None) -> None:
        super().__init__(path, secure)
        self.answer = hold
        self.requests: list[Any] = []
        self.resets = 0
        self.fail_next = False
        self.widen = False

    def actions(self, request: Any) -> np.ndarray:
        """Return what the model wants for `request`, and take note of it; fails where it is asked to."""
        self.requests.append(request)
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("CUDA out of memory")
        actions = np.asarray(self.answer(request))
        return np.concatenate([actions, actions[..., :1]], axis=-1) if self.widen else actions


class _Listener(ThreadingHTTPServer):
    opened = 0

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._sockets: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.opened += 1
        self._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has hung up is none."""

    def cut(self) -> None:
        for connection in list(self._sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
