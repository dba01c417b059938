"""A policy server over the production wire that does what a test says: late, twice, the wrong thing, or nothing."""

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence

import numpy as np
from fake_policy import metadata_for
from websockets.sync.server import Server, ServerConnection, serve

from ros_wam.embodiment import Embodiment
from ros_wam.policy.codecs import openpi
from ros_wam.types import FloatArray

Script = Callable[[FloatArray], Sequence[FloatArray]]
ROWS, DT_S = 30, 1.0 / 30.0
SPEED_RAD_S = 0.3


def wrist(robot: Embodiment) -> int:
    """The column of the first arm's last joint: turning it takes the tool nowhere."""
    return len(next(iter(robot.arms.values())).joints) - 1


def honest(actions: FloatArray) -> Sequence[FloatArray]:
    """Answer with what the policy wants."""
    return (actions,)


class ScriptedServer:
    """Turns the last wrist joint, on and on; `script` says what is sent instead of each answer."""

    def __init__(self, robot: Embodiment) -> None:
        self._robot = robot
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
        connection.send(openpi.encode(metadata_for(self._robot)))
        for frame in connection:
            wanted = self._actions(openpi.decode(frame))
            for actions in self.script(wanted):
                connection.send(openpi.encode({"actions": actions}))
            self.previous = wanted
        self._connections.discard(connection)

    def _actions(self, request: dict[str, FloatArray]) -> FloatArray:
        start = np.empty(len(self._robot.joint_names))
        start[~self._robot.is_gripper] = request["observation/joint_position"]
        start[self._robot.is_gripper] = request["observation/gripper_position"]
        rows = np.tile(start, (ROWS, 1))
        rows[:, wrist(self._robot)] += SPEED_RAD_S * DT_S * np.arange(ROWS)
        return rows
