"""The `/act` servers of OpenVLA, OpenVLA-OFT and Cosmos-Policy, written from the description of their wire.

All three take JSON with json-numpy's arrays, and answer any failure with status 200 and the text "error".
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from wire import json_arrays
from wire.http_server import Answer, HttpModel, told


class ActServer(HttpModel):
    """`needs`: the keys without which it fails; `wrap`: what its answer is around the actions."""

    def __init__(self, hold: Callable[[Any], Any], needs: tuple[str, ...], wrap: Callable[[np.ndarray], Any]) -> None:
        super().__init__("/act", hold)
        self._needs, self._wrap = needs, wrap

    def posted(self, body: bytes, content_type: str) -> Answer:
        """See HttpServer."""
        try:
            request = json_arrays.loads(body)
        except ValueError:
            return told({"detail": [{"type": "json_invalid", "msg": "JSON decode error"}]}, 422)
        if content_type != "application/json" or not isinstance(request, dict):
            return told({"detail": [{"type": "dict_type", "msg": "Input should be a valid dictionary"}]}, 422)
        try:
            for key in self._needs:
                request[key]
            value = self._wrap(self.actions(request))
        except (LookupError, RuntimeError, ValueError):
            return Answer(json.dumps("error").encode())
        return Answer(json_arrays.dumps(value).encode())


def openvla() -> ActServer:
    """OpenVLA's: one row of a tool's motion and a gripper's opening, which is 1 where nothing is held."""
    return ActServer(lambda request: np.array([0.0] * 6 + [1.0]), ("image", "instruction"), lambda row: row)


def openvla_oft() -> ActServer:
    """OpenVLA-OFT's for ALOHA: a list of 25 rows of positions, without motion where the joints are."""
    needs = ("full_image", "left_wrist_image", "right_wrist_image", "state", "instruction")
    return ActServer(lambda request: np.tile(request["state"], (25, 1)), needs, list)


def cosmos() -> ActServer:
    """Cosmos-Policy's for ALOHA: 50 rows, what will be seen after them, and what that is worth."""
    needs = ("primary_image", "left_wrist_image", "right_wrist_image", "proprio", "task_description")

    def wrap(actions: np.ndarray) -> dict[str, Any]:
        future = {"future_image": np.zeros((224, 224, 3), np.uint8)}
        return {"actions": list(actions), "future_image_predictions": future, "value_prediction": 0.5}

    return ActServer(lambda request: np.tile(request["proprio"], (50, 1)), needs, wrap)
