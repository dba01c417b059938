"""X-VLA's server, written from the description of its wire: JSON in which an array is a text; status 400 is failure."""

import json

import cv2
import numpy as np
from wire import json_arrays
from wire.http_server import Answer, HttpModel, told


class XvlaServer(HttpModel):
    """`requests` hold arrays. Rows are 2 x (xyz, two columns of a rotation row by row, gripper); both arms stay."""

    def __init__(self) -> None:
        super().__init__("/act", lambda request: np.tile(request["proprio"], (30, 1)))

    def posted(self, body: bytes, content_type: str) -> Answer:
        """See HttpServer."""
        payload = json.loads(body)
        try:
            request = {**payload, "proprio": json_arrays.loads(payload["proprio"])}
            for key in [key for key in ("image0", "image1", "image2") if key in payload]:
                picture = json_arrays.loads(payload[key])
                request[key] = picture if picture.ndim == 3 else cv2.imdecode(picture, cv2.IMREAD_COLOR)
            int(request["domain_id"]), request["language_instruction"]
            actions = self.actions(request)
        except (LookupError, RuntimeError, ValueError, TypeError):
            return told({"error": "Request failed"}, 400)
        return told({"action": actions.tolist()})
