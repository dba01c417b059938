"""The desk's server: uvicorn in a thread of its own, that stops when it is told to, whatever browsers are open."""

import socket
import threading

import uvicorn

from ros_wam.desk.desk import Desk
from ros_wam.desk.web import DeskWeb
from ros_wam.desk_access import is_loopback
from ros_wam.errors import ConfigError

STOP_S = 2


class DeskServer:
    """Serves from when it is made until `close`."""

    def __init__(self, desk: Desk, host: str, port: int, token: str | None) -> None:
        """`port` 0 is one that is free; raises ConfigError when it cannot be had."""
        self._web = DeskWeb(desk)
        self._socket = _listen(host, port)
        self.port = int(self._socket.getsockname()[1])
        application = self._web.application(loopback=is_loopback(host), token=token)
        config = uvicorn.Config(
            application,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="desk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every stream, then the server; returns when it has ended."""
        self._web.closing = True
        self._server.should_exit = True
        self._thread.join(2 * STOP_S)
        self._socket.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        raise ConfigError(f"the desk cannot be served at {host} port {port}: {error}") from error
    return listening
