"""A policy server over the production wire that does what a test says: late, twice, the wrong thing, or nothing."""

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence

import numpy as np
from fake_policy import METADATA
from websockets.sync.server import Server, ServerConnection, serve

from ros_wam.policy import codecs
from ros_wam.types import FloatArray

Script = Callable[[FloatArray], Sequence[FloatArray]]
ROWS, DT_S = METADATA["action_horizon"], 1.0 / METADATA["rate_hz"]
SPEED_RAD_S = 0.3
WRIST = 5  # joint6: turning it takes the tool nowhere


def honest(actions: FloatArray) -> Sequence[FloatArray]:
    """Answer with what the policy wants."""
    return (actions,)


class ScriptedServer:
    """Turns the last wrist joint, on and on; `script` says what is sent instead of each answer."""

    def __init__(self) -> None:
        self.script: Script = honest
        self.previous: FloatArray = np.zeros((0, 0))
        """What was wanted for the request before."""
        self._port = 0
        self._connections: set[ServerConnection] = set()
        self.revive()

    @property
    def url(self) -> str:
        """Where it is, also while it is dead."""
        return f"ws://127.0.0.1:{self._port}"

    def revive(self) -> None:
        """Listen (again)."""
        self.script = honest
        self._server: Server | None = serve(self._talk, "127.0.0.1", self._port, compression=None, close_timeout=0.1)
        self._port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def kill(self) -> None:
        """Cut every connection and listen no more, as a process that is killed does. Repeatable."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server = None
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    @property
    def dead(self) -> bool:
        """Whether it was killed."""
        return self._server is None

    def _talk(self, connection: ServerConnection) -> None:
        self._connections.add(connection)
        connection.send(codecs.encode(METADATA))
        for frame in connection:
            wanted = self._actions(codecs.decode(frame))
            for actions in self.script(wanted):
                connection.send(codecs.encode({"actions": actions}))
            self.previous = wanted
        self._connections.discard(connection)

    def _actions(self, request: dict[str, FloatArray]) -> FloatArray:
        start = np.append(request["observation/joint_position"], request["observation/gripper_position"])
        rows = np.tile(start.astype(np.float64), (ROWS, 1))
        rows[:, WRIST] += SPEED_RAD_S * DT_S * np.arange(ROWS)
        return rows
