"""StarVLA's policy server, and those of VLA-JEPA and ABot-M0, written from the description of their wire.

openpi's framing. A request is an envelope with type, id and payload, or, to ABot-M0, a flat map. The answer has the
same id. An error is an answer that says so; the connection goes on.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wire.openpi_arrays import pack, unpack
from wire.websocket_server import WebsocketServer

Request = dict[str, Any]


class StarvlaServer(WebsocketServer):
    """A model of `rows` rows that answers under `answer_key`; `answer` gives one row, at first `hold`."""

    def __init__(
        self,
        hold: Callable[[Request], np.ndarray],
        rows: int,
        answer_key: str = "actions",
        metadata: dict[str, Any] | None = None,
        flat: bool = False,
        wants: tuple[str, ...] = ("examples",),
    ) -> None:
        super().__init__()
        self.answer = hold
        self.metadata = {"env": "starvla_policy_server"} if metadata is None else metadata
        self._rows, self._key, self._flat, self._wants = rows, answer_key, flat, wants
        self.requests: list[Request] = []
        self.envelopes: list[Request] = []
        self.resets = 0
        self.fail_next = False
        self.widen = False

    def talk(self, connection: ServerConnection) -> None:
        """See WebsocketServer."""
        connection.send(pack(self.metadata))
        try:
            while True:
                connection.send(pack(self.route(unpack(connection.recv()))))
        except ConnectionClosed:
            return

    def route(self, message: Request) -> Request:
        """Return the answer to any message, an error as well."""
        self.envelopes.append(message)
        told = {"request_id": message.get("request_id", "default"), "type": "inference_result"}
        if message.get("type", "infer") not in ("infer", "predict_action"):
            return {**told, "status": "error", "ok": False, "error": {"message": "Unsupported message type"}}
        payload = message if self._flat else message.get("payload", message)
        try:
            return {**told, "status": "ok", "ok": True, "data": self._predict(**payload)}
        except Exception as error:  # noqa: BLE001 - a server tells its client of any failure
            return {**told, "status": "error", "ok": False, "error": {"message": str(error)}}

    def _predict(self, **payload: Any) -> dict[str, np.ndarray]:
        self.requests.append(payload)
        for name in self._wants:
            payload[name]
        if self.fail_next:
            self.fail_next = False
            raise ValueError("predict_action: unnorm_key not specified and no default set.")
        actions = np.tile(self.answer(payload), (1, self._rows, 1)).astype(np.float32)
        return {self._key: np.concatenate([actions, actions[..., :1]], axis=2) if self.widen else actions}


def no_step(gripper: float) -> Callable[[Request], np.ndarray]:
    """No step of the tool; the gripper as it is told to be."""
    return lambda request: np.array([0.0] * 6 + [gripper])
