"""SGLang's server of actions, written from the description of its wire: msgpack with openpi's arrays at one path, and
what it states of itself, in JSON, at another. What is wrong with a request has status 400, other failures 500.
"""

from typing import Any

import numpy as np
from wire.http_server import Answer, HttpModel, told
from wire.openpi_arrays import pack, unpack

METADATA: dict[str, Any] = {
    "object": "action.metadata",
    "model": "pi05",
    "policy_family": "pi05",
    "input": {"image_keys": ["base_0_rgb", "left_wrist_0_rgb"], "image_size": [224, 224], "state_dim": 32},
    "output": {"action_type": "continuous", "action_horizon": 50, "action_dim": 7, "padded_action_dim": 32},
}


class SglangServer(HttpModel):
    """The arm stays where it is; `metadata` is what the server states."""

    def __init__(self, rows: int = 50) -> None:
        super().__init__("/v1/actions/generations", lambda request: np.tile(_state(request), (rows, 1)))
        self.metadata = METADATA

    def got(self, path: str) -> Answer:
        """See HttpServer."""
        return told(self.metadata) if path == "/v1/actions/metadata" else super().got(path)

    def posted(self, body: bytes, content_type: str) -> Answer:
        """See HttpServer."""
        if "msgpack" not in content_type:
            return told({"detail": "this server's JSON is left out"}, 400)
        request = unpack(body)
        try:
            request["input"]["observation"]["images"], request["input"]["task"]
            if request["runtime"].get("output_format", "numpy") not in ("list", "numpy"):
                raise ValueError("output_format must be 'list' or 'numpy'")
            actions = self.actions(request).astype(np.float32)
        except (LookupError, ValueError) as error:
            return told({"detail": str(error)}, 400)
        except RuntimeError:
            return Answer(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        action = {"type": "continuous", "dtype": "float32", "shape": list(actions.shape), "values": actions}
        data = [{"index": 0, "input_index": 0, "candidate_index": 0, "action": action}]
        return Answer(pack({"id": "act_1", "object": "action.generation", "data": data}), 200, "application/msgpack")


def _state(request: dict[str, Any]) -> np.ndarray:
    return np.asarray(request["input"]["observation"]["state"])
