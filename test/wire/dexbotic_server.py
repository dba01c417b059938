"""Dexbotic's server for DM0, written from the description of its wire: a form with pictures, answered in JSON.

Whatever goes wrong is an internal error, in a page of HTML.
"""

import json
from typing import Any

import cv2
import numpy as np
from wire.holobrain_server import form
from wire.http_server import Answer, HttpModel, told

ROWS = 50
FAILED = b"<!doctype html>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"


class DexboticServer(HttpModel):
    """`requests` hold pictures in OpenCV's order of colours. The arm stays where it is."""

    def __init__(self) -> None:
        super().__init__("/process_frame", lambda request: np.tile(request["states"], (ROWS, 1)))

    def posted(self, body: bytes, content_type: str) -> Answer:
        """See HttpServer."""
        fields = form(body, content_type)
        try:
            request: dict[str, Any] = {
                "text": fields["text"][0],
                "image": [cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR) for file in fields["image"]],
                "states": np.array(json.loads(fields["states"][0])),
                "files": [bytes(file[:8]) for file in fields["image"]],
            }
            actions = self.actions(request)
        except (LookupError, RuntimeError, ValueError):
            return Answer(FAILED, 500, "text/html; charset=utf-8")
        return told({"response": [actions.tolist()]})
