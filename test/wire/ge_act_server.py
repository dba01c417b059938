"""GE-Act's policy server, written from the description of its wire; no code of ours takes part in it.

openpi's framing, a request's keys are arguments: any other is an error. It remembers four pictures, whatever the
connection; `<reset>` in a prompt clears them. An error is a text frame with a traceback, and the end of the connection.
"""

import traceback
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wire.openpi_arrays import pack, unpack
from wire.websocket_server import WebsocketServer

TAG = "<reset>"


class GeActServer(WebsocketServer):
    """A model of absolute poses of two arms; at first the poses of the state."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = lambda request: request["state"]
        self.requests: list[dict[str, Any]] = []
        self.prompts: list[str] = []
        self.memory: list[np.ndarray] = []
        self.resets = 0
        self.fail_next = False
        self.widen = False

    def talk(self, connection: ServerConnection) -> None:
        """See WebsocketServer."""
        try:
            connection.send(pack({"test_meta": "Genie Envisioner Action Model"}))
            while True:
                connection.send(pack({"actions": self.infer(unpack(connection.recv()))}))
        except ConnectionClosed:
            return
        except Exception:  # noqa: BLE001 - a server tells its client of any failure
            connection.send(traceback.format_exc())
            connection.close(1011, "Internal server error. Traceback included in previous frame.")

    def infer(self, request: dict[str, Any]) -> np.ndarray:
        """Return the rows for a request."""
        self.requests.append(request)
        if TAG in request["prompt"]:
            self.memory, request = [], {**request, "prompt": request["prompt"].replace(TAG, "")}
            self.resets += 1
        return self.play(**request)

    def play(
        self,
        obs: np.ndarray,
        prompt: str,
        idx: int = 0,
        num_inference_steps: int | None = None,
        execution_step: int = 1,
        state: np.ndarray | None = None,
        state_zeropadding: tuple[int, int] = (0, 0),
        ndim_action: int | None = None,
    ) -> np.ndarray:
        """Return `(execution_step, D)`; the names of the arguments are the wire's."""
        assert 1 <= execution_step <= 100, "execution_step should be in [1, 100]"
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("CUDA out of memory")
        assert obs.dtype == np.uint8 and obs.ndim == 4 and obs.shape[3] == 3
        self.memory = [*self.memory[-3:], obs]
        self.prompts.append(prompt)
        actions = np.tile(self.answer({"state": state}), (execution_step, 1))
        return np.concatenate([actions, actions[:, :1]], axis=1) if self.widen else actions
