"""Realtime-VLA V2's server, written from the description of its wire: pickles both ways, for the tests alone.

What is no pickle has status 400 without a word; what goes wrong in the model is an internal error.
"""

import pickle
from typing import Any

import numpy as np
from wire.http_server import Answer, HttpModel

CAMERAS = ("high", "left_hand", "right_hand")
ROWS = 50


class RealtimeVlaServer(HttpModel):
    """Goes on after the rows that it is sent, and stays at the last of them."""

    def __init__(self) -> None:
        super().__init__("/infer", hold)

    def posted(self, body: bytes, content_type: str) -> Answer:
        """See HttpServer."""
        if not body:
            return Answer(b"", 400)
        try:
            request = pickle.loads(body)
        except (pickle.UnpicklingError, EOFError, ValueError):
            return Answer(b"", 400)
        try:
            for camera in CAMERAS:
                request["images"][camera]
            rows = self.actions(request).tolist()
        except (LookupError, RuntimeError, ValueError):
            return Answer(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        answer = {"action_list": rows, "raw_action_list": rows, "infer_time": 0.05}
        return Answer(pickle.dumps(answer), content_type="application/octet-stream")


def hold(request: dict[str, Any]) -> np.ndarray:
    """Return the rows after those that were sent."""
    sent = np.asarray(request["action"], np.float32)
    return np.tile(sent[-1], (ROWS - len(sent), 1))
