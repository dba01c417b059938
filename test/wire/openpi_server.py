"""openpi's policy server, written from the description of its wire; no code of ours takes part in it.

It says its metadata first, then gives one answer per request. An error is a text frame with a traceback, and the end of
the connection with code 1011.
"""

import ssl
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wire.openpi_arrays import pack, unpack
from wire.websocket_server import WebsocketServer

Request = dict[str, Any]
Actions = Callable[[Request], np.ndarray]


class OpenpiServer(WebsocketServer):
    """A model whose actions are `answer`, at first `hold`; `metadata` is what its configuration states of it."""

    def __init__(
        self,
        hold: Actions,
        metadata: Mapping[str, Any] | None = None,
        path: str = "",
        secure: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(path, secure)
        self.metadata = dict(metadata or {})
        self.answer = hold
        self.requests: list[Request] = []
        self.resets = 0
        self.fail_next = False
        self.widen = False

    def talk(self, connection: ServerConnection) -> None:
        """See WebsocketServer."""
        timing: dict[str, float] = {}
        try:
            connection.send(pack(self.metadata))
            while True:
                connection.send(self.reply(unpack(connection.recv()), timing))
                timing = {"prev_total_ms": 80.0}
        except ConnectionClosed:
            return
        except Exception:  # noqa: BLE001 - a server tells its client of any failure
            connection.send(traceback.format_exc())
            connection.close(1011, "Internal server error. Traceback included in previous frame.")

    def reply(self, request: Request, timing: Mapping[str, float]) -> bytes | str:
        """Return the frame that answers `request`."""
        actions = self.actions(request)
        state = np.zeros(32, np.float32)  # as the model sees it: normalised and padded
        told = {"policy_timing": {"infer_ms": 70.0}, "server_timing": {"infer_ms": 75.0, **timing}}
        return pack({"state": state, "actions": actions, **told})

    def actions(self, request: Request) -> np.ndarray:
        """Return what the model wants for `request`, and take note of it."""
        self.requests.append(request)
        if self.fail_next:
            self.fail_next = False
            raise KeyError("observation/state")
        actions = self.answer(request)
        return np.concatenate([actions, actions[:, :1]], axis=1) if self.widen else actions


def droid_velocity(rows: int) -> Actions:
    """Hold still as DROID's velocity policies do: no motion, the gripper where it is."""

    def hold(request: Request) -> np.ndarray:
        row = np.concatenate([np.zeros(7), request["observation/gripper_position"]])
        return np.tile(row, (rows, 1))

    return hold


def droid_position(rows: int) -> Actions:
    """Hold still as DROID's position policies do."""

    def hold(request: Request) -> np.ndarray:
        state = [request["observation/joint_position"], request["observation/gripper_position"]]
        return np.tile(np.concatenate(state), (rows, 1))

    return hold


def state_held(rows: int) -> Actions:
    """Hold still where the actions are places of the joints of `state`, as on ALOHA."""
    return lambda request: np.tile(request["state"], (rows, 1))


def libero(rows: int) -> Actions:
    """Hold still as LIBERO's policies do: no motion of the tool; -1 opens the gripper, 1 closes it."""

    def hold(request: Request) -> np.ndarray:
        fingers_m = request["observation/state"][6]
        return np.tile([0.0] * 6 + [-1.0 if fingers_m > 0.02 else 1.0], (rows, 1))

    return hold
