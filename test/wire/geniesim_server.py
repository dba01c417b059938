"""HoloBrain's policy server for Genie Sim 3, written from the description of its wire; no code of ours takes part.

openpi's framing. An error is an answer with actions that are all zeros beside its words; the connection goes on.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wire.openpi_arrays import pack, unpack
from wire.websocket_server import WebsocketServer

CAMERAS = {"top_head", "hand_left", "hand_right"}
ROWS, COLUMNS = 32, 21


class GeniesimServer(WebsocketServer):
    """A model of joint positions; at first those of the state."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[dict[str, Any]], np.ndarray] = state_held
        self.requests: list[dict[str, Any]] = []
        self.resets = 0
        self.fail_next = False
        self.widen = False

    def talk(self, connection: ServerConnection) -> None:
        """See WebsocketServer."""
        told = {"server": "holobrain_geniesim3_policy", "action_dim": COLUMNS, "valid_action_step": ROWS}
        connection.send(pack(told))
        try:
            while True:
                connection.send(pack(self.reply(unpack(connection.recv()))))
        except ConnectionClosed:
            return

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a request, or zeros and why there is none."""
        self.requests.append(request)
        error = ""
        try:
            actions = self._infer(request)
        except Exception as failure:  # noqa: BLE001 - a server tells its client of any failure
            error = f"{type(failure).__name__}: {failure}"
            actions = np.zeros((ROWS, COLUMNS), np.float32)
        told = {"model": "holobrain_geniesim3", "request_count": len(self.requests)}
        return {"actions": actions, "error": error, **told}

    def _infer(self, request: dict[str, Any]) -> np.ndarray:
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("boom")
        assert set(request["images"]) == CAMERAS and request["state"].shape == (COLUMNS,)
        assert request["task_name"] == "hold_pot" and request["prompt"]
        actions = np.tile(self.answer(request), (ROWS, 1)).astype(np.float32)
        return np.concatenate([actions, actions[:, :1]], axis=1) if self.widen else actions


def state_held(request: dict[str, Any]) -> np.ndarray:
    """The state, with grippers from 0 to 1 as actions have them."""
    return request["state"] / np.array([1.0] * 14 + [120.0] * 2 + [1.0] * 5)
