"""SGLang's server with DreamZero's DROID model, written from what RLinf sends it: normalised values both ways."""

from typing import Any

import numpy as np
from wire.http_server import Answer, HttpModel, told
from wire.openpi_arrays import pack, unpack

ROWS, WIDTH = 24, 32
MAX_SESSIONS = 10  # none of which is ever forgotten
SHAPES = {
    "images": (np.uint8, (1, 1, 352, 640, 3)),
    "state": (np.float32, (1, 1, 64)),
    "state_mask": (np.bool_, (1, 1, 64)),
    "embodiment_id": (np.int64, (1,)),
}


class DreamzeroSglangServer(HttpModel):
    """The arm stays where it is: no motion relative to the joints, the gripper as in the state."""

    def __init__(self) -> None:
        super().__init__("/v1/actions/generations", hold)
        self.sessions: set[str] = set()

    def posted(self, body: bytes, content_type: str) -> Answer:
        """See HttpServer."""
        request = unpack(body)
        try:
            observation = request["input"]["observation"]
            for key, (dtype, shape) in SHAPES.items():
                if (observation[key].dtype, observation[key].shape) != (dtype, shape):
                    raise ValueError(f"DreamZero {key} has shape {observation[key].shape}")
            for key, of in (("prompt", "input"), ("session_ids", "parameters"), ("reset_mask", "parameters")):
                if len(request[of][key]) != 1:
                    raise ValueError(f"DreamZero {key} batch size mismatch")
            self.sessions |= {*request["parameters"]["session_ids"]}
            if len(self.sessions) > MAX_SESSIONS:
                raise RuntimeError("DreamZero session cache pool is full")
            values = self.actions(request)[None].astype(np.float32)
        except (LookupError, ValueError) as error:
            return told({"detail": str(error)}, 400)
        except RuntimeError:
            return Answer(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        action = {"type": "continuous", "dtype": "float32", "shape": list(values.shape), "values": values}
        return Answer(pack({"object": "action.generation", "data": [{"action": action}]}), 200, "application/msgpack")


def hold(request: dict[str, Any]) -> np.ndarray:
    """Return normalised rows that stay, where the numbers of all joints are about 0."""
    rows = np.zeros((ROWS, WIDTH))
    rows[:, 7] = request["input"]["observation"]["state"][0, 0, 7]
    return rows
