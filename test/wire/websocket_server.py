"""A websocket server in threads of the test, for the reference servers of every family that talks so."""

import contextlib
import socket
import ssl
import threading

from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from wire.listening import Listening


class WebsocketServer(Listening):
    """Listens once it is entered; a family says what it does with a connection in `talk`.

    `path` is the only one that is served, as of a server that has other things at the others. `secure`: for TLS.
    """

    def __init__(self, path: str = "", secure: ssl.SSLContext | None = None) -> None:
        self._path, self._secure = path, secure
        self._port = 0
        self._server: Server | None = None
        self._ending: threading.Thread | None = None
        self._connections: dict[int, ServerConnection] = {}
        self.opened = 0
        """How many connections there have been."""

    def talk(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends; in a thread of its own."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """What a profile's url would be; the same while it is stopped."""
        return f"{'ws' if self._secure is None else 'wss'}://127.0.0.1:{self._port}{self._path}"

    def start(self) -> None:
        """Listen, at the port of the last time if there was one."""
        if self._ending is not None:
            self._ending.join()
        self._server = serve(
            self._serve,
            "127.0.0.1",
            self._port,
            ssl=self._secure,
            compression=None,
            max_size=None,
            close_timeout=0.1,
            process_request=self._refuse_elsewhere,
        )
        self._port = self._server.socket.getsockname()[1]
        self._listening = threading.Thread(target=self._server.serve_forever)
        self._listening.start()

    def stop(self) -> None:
        """Cut every connection and listen no more, as a process that is killed does. Repeatable; `talk` may call it."""
        server, self._server = self._server, None
        if server is None:
            return
        self._ending = threading.Thread(target=server.shutdown)  # it waits for every `talk`
        self._ending.start()
        self._listening.join()
        for connection in list(self._connections.values()):
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
        if threading.get_ident() not in self._connections:
            self._ending.join()

    @property
    def here(self) -> ServerConnection:
        """The connection that this thread serves."""
        return self._connections[threading.get_ident()]

    def _refuse_elsewhere(self, connection: ServerConnection, request: Request) -> Response | None:
        return None if request.path == (self._path or "/") else connection.respond(404, "Not Found\n")

    def _serve(self, connection: ServerConnection) -> None:
        self._connections[threading.get_ident()] = connection
        self.opened += 1
        try:
            self.talk(connection)
        finally:
            del self._connections[threading.get_ident()]
