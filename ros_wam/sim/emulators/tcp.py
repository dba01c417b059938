"""The TCP ports of an emulated controller: served from the physics loop, so nothing here ever waits."""

import contextlib
import selectors
import socket
from collections.abc import Callable

from ros_wam.errors import SimError

Receive = Callable[[bytes], None]
_UNSENT_LIMIT = 1 << 18  # bytes kept for a client that does not read; a controller hangs up on such a client too


class Connection:
    """One client. What the kernel does not take at once is kept and sent when it does."""

    def __init__(self, peer: socket.socket, selector: selectors.BaseSelector) -> None:
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer_address = str(peer.getpeername()[0])
        selector.register(peer, selectors.EVENT_READ, self.ready)
        self.receive: Receive = lambda data: None
        self.closed = False
        self._socket, self._selector = peer, selector
        self._unsent = bytearray()
        self._wants_write = False

    @property
    def has_unsent(self) -> bool:
        """Whether the kernel has not taken everything yet."""
        return bool(self._unsent)

    def send(self, data: bytes) -> None:
        """Send `data` as far as the kernel takes it and keep the rest."""
        if self.closed:
            return
        self._unsent += data
        self._flush()
        if len(self._unsent) > _UNSENT_LIMIT:
            self.close()

    def ready(self) -> None:
        """Move bytes both ways; close at the end of the stream."""
        try:
            data = self._socket.recv(1 << 16)
        except BlockingIOError:
            return self._flush()
        except OSError:
            data = b""
        if not data:
            return self.close()
        return self.receive(data)

    def close(self) -> None:
        """Hang up. Repeatable."""
        if not self.closed:
            self.closed = True
            self._selector.unregister(self._socket)
            self._socket.close()

    def _flush(self) -> None:
        if self.closed:
            return
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if bool(self._unsent) != self._wants_write:
            self._wants_write = bool(self._unsent)
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._wants_write else 0)
            self._selector.modify(self._socket, events, self.ready)


class TcpPort:
    """One listening port. `accept` is called with each new connection and returns what receives its bytes."""

    def __init__(
        self, selector: selectors.BaseSelector, address: str, port: int, accept: Callable[[Connection], Receive]
    ) -> None:
        self.address, self.port = address, port
        self.connections: list[Connection] = []
        self._selector, self._accept = selector, accept
        self._listener: socket.socket | None = None

    def open(self) -> None:
        """Listen; raises SimError if the port is taken. Does nothing if it listens already."""
        if self._listener is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.address, self.port))
            listener.listen()
        except OSError as error:
            listener.close()
            raise SimError(f"cannot listen on {self.address}:{self.port}: {error.strerror}") from error
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ, self._welcome)

    def hang_up(self) -> None:
        """Close every connection and go on listening."""
        for connection in self.connections:
            connection.close()
        self.connections = []

    def close(self) -> None:
        """Close every connection and refuse new ones. Repeatable."""
        self.hang_up()
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None

    def _welcome(self) -> None:
        if self._listener is None:
            return
        with contextlib.suppress(OSError):
            connection = Connection(self._listener.accept()[0], self._selector)
            self.connections = [*(other for other in self.connections if not other.closed), connection]
            connection.receive = self._accept(connection)


def serve(selector: selectors.BaseSelector) -> None:
    """Serve every socket that is ready, without waiting."""
    for key, _ in selector.select(0):
        assert isinstance(key.fileobj, socket.socket)
        if key.fileobj.fileno() >= 0:  # not closed by what was served before it
            key.data()
