"""A ZeroMQ REP socket in a thread of the test, for the reference servers of every family that talks so."""

import threading

import zmq
from wire.listening import Listening

POLL_MS = 20


class ZmqServer(Listening):
    """Listens once it is entered, and answers one request after the other with what `reply` returns."""

    def __init__(self) -> None:
        self._port = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def reply(self, message: bytes) -> bytes:
        """Return the answer to a request."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """What a profile's url would be; the same while it is stopped."""
        return f"tcp://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, at the port of the last time if there was one."""
        listening = threading.Event()
        self._over.clear()
        self._thread = threading.Thread(target=self._serve, args=(listening,))
        self._thread.start()
        assert listening.wait(5.0)

    def stop(self) -> None:
        """Cut every connection and listen no more, as a process that is killed does. Repeatable."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _serve(self, listening: threading.Event) -> None:
        context = zmq.Context()
        try:
            server = context.socket(zmq.REP)
            server.bind(f"tcp://127.0.0.1:{self._port or '*'}")
            self._port = int(server.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
            listening.set()
            while not self._over.is_set():
                if server.poll(POLL_MS):
                    server.send(self.reply(server.recv()))
        finally:
            context.destroy(linger=0)
