"""The simulator's end of `link.py`, served by the physics loop between two steps, so that nothing needs a lock."""

import json
import os
import selectors
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ros_wam.errors import SimError
from ros_wam.sim.link import MESSAGE_BYTES

Verb = Callable[..., Mapping[str, Any]]


class ControlSocket:
    """Answers the requests that have come, without waiting for any. `verbs`: names to functions of the arguments."""

    def __init__(self, path: Path, verbs: Mapping[str, Verb]) -> None:
        self._path, self._verbs = path, dict(verbs)
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        fresh = path.with_suffix(".new")
        self._listener.bind(str(fresh))
        self._listener.listen()
        os.replace(fresh, path)  # whoever finds the socket can connect  # noqa: PTH105
        self._selector.register(self._listener, selectors.EVENT_READ)

    def serve(self) -> None:
        """Answer everything that is waiting; returns at once when nothing is."""
        for key, _ in self._selector.select(timeout=0):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            if connection is self._listener:
                accepted, _ = self._listener.accept()
                accepted.setblocking(False)
                self._selector.register(accepted, selectors.EVENT_READ)
            elif not self._answer(connection):
                self._selector.unregister(connection)
                connection.close()

    def close(self) -> None:
        """Hang up and remove the socket. Repeatable."""
        for key in list((self._selector.get_map() or {}).values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()
        self._path.unlink(missing_ok=True)

    def _answer(self, connection: socket.socket) -> bool:
        """Answer one message; False when the other end has hung up."""
        try:
            data = connection.recv(MESSAGE_BYTES)
            if data:
                connection.send(json.dumps(self._result(data)).encode())
        except OSError:
            return False
        return bool(data)

    def _result(self, data: bytes) -> Mapping[str, Any]:
        try:
            request = json.loads(data)
            verb = self._verbs[request.pop("verb")]
        except (ValueError, KeyError, TypeError, AttributeError):
            return {"error": f"not a request: {data[:80]!r}; valid verbs: {', '.join(self._verbs)}"}
        try:
            return verb(**request)
        except TypeError as error:
            return {"error": f"wrong arguments {sorted(request)}: {error}"}
        except SimError as error:
            return {"error": str(error)}
