"""GR00T N1.5's HTTP server, written from the description of its wire: json-numpy in flat maps; failures have 500."""

import numpy as np
from wire import json_arrays
from wire.http_server import Answer, HttpModel, told

ROWS = 16
KEYS = ("video.front", "video.wrist", "state.single_arm", "state.gripper", "annotation.human.task_description")


class Gr00tHttpServer(HttpModel):
    """The arm stays where it is; `health` is what GET /health says."""

    def __init__(self) -> None:
        super().__init__("/act", lambda request: np.tile(_state(request), (ROWS, 1)))
        self.health = {"status": "healthy", "model": "GR00T"}

    def got(self, path: str) -> Answer:
        """See HttpServer."""
        return told(self.health) if path == "/health" else super().got(path)

    def posted(self, body: bytes, content_type: str) -> Answer:
        """See HttpServer."""
        try:
            request = json_arrays.loads(body)["observation"]
            for key in KEYS:
                request[key]
            actions = self.actions(request)
        except (LookupError, RuntimeError, ValueError) as error:
            return told({"detail": f"Internal server error: {error}"}, 500)
        parts = {"action.single_arm": actions[:, :6].copy(), "action.gripper": actions[:, 6:].copy()}
        return Answer(json_arrays.dumps(parts).encode())


def _state(request: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([request["state.single_arm"][0], request["state.gripper"][0]])
