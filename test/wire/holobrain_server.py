"""HoloBrain's server, written from the description of its wire: a form with files in numpy's format, answered in JSON.

What is missing in the form has status 400, what goes wrong in the model 500.
"""

import email
import io
from typing import Any

import numpy as np
from wire.http_server import Answer, HttpModel, told

SIDES = ("left", "right", "middle")
FILES = (*(f"{side}_{what}" for side in SIDES for what in ("color", "depth", "intrinsic")), "left_arm_state")
ROWS = 426


def form(body: bytes, content_type: str) -> dict[str, list[Any]]:
    """Return a form's fields as text and its files as bytes, each a list in its order, by name."""
    message = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts: dict[str, list[Any]] = {}
    for part in message.get_payload():
        content = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        parts.setdefault(name, []).append(content if part.get_filename() else content.decode())
    return parts


class HolobrainServer(HttpModel):
    """`requests` hold arrays and text. Both arms stay where they are."""

    def __init__(self) -> None:
        super().__init__("/holobrain", lambda request: np.tile(_state(request), (ROWS, 1)))

    def posted(self, body: bytes, content_type: str) -> Answer:
        """See HttpServer."""
        request = {name: _value(values[0]) for name, values in form(body, content_type).items()}
        for key in (*FILES, "right_arm_state", "instruction"):
            if key not in request:
                return told({"error": f"Missing key: {key}"}, 400)
        try:
            for side in SIDES:
                np.eye(4)[:3] = request[f"{side}_intrinsic"]  # four columns
            int(request.get("delay_horizon", 0))
            if "remaining_actions" in request and len(request["remaining_actions"]) * 30 // 200 == 0:
                raise ValueError("Input and output sizes should be greater than 0")  # as torch shrinks them to 30 Hz
            actions = self.actions(request)
        except (RuntimeError, ValueError):
            return told({"error": "Inference failed"}, 500)
        left, right = actions[:, :7].tolist(), actions[:, 7:].tolist()
        return told({"left_arm_actions": left, "right_arm_actions": right, "action_horizon": len(actions)})


def _state(request: dict[str, Any]) -> np.ndarray:
    return np.concatenate([request["left_arm_state"], request["right_arm_state"]])


def _value(value: Any) -> Any:
    return value if isinstance(value, str) else np.load(io.BytesIO(value), allow_pickle=False)
