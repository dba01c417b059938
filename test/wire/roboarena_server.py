"""RoboArena's policy server, and DreamZero's, which is of its kind, written from the description of their wire.

Each states what it wants to be sent. Every request names its endpoint; a reset is answered with a text, an error with a
text too, the traceback, and then with the end of the connection. DreamZero's answer is a bare array, and it remembers
the pictures of an episode for as long as the session's id stays the same and nothing resets it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from wire.openpi_arrays import pack
from wire.openpi_server import OpenpiServer, droid_position
from wire.openpi_server import Request as Request

CAMERAS = tuple(f"observation/{name}_left" for name in ("exterior_image_0", "exterior_image_1", "wrist_image"))


def stated(size: tuple[int, int] | None, cameras: int = 1, session: bool = False) -> dict[str, Any]:
    """What such a server says first; with pictures of `size`, height and width."""
    return {
        "image_resolution": size,
        "needs_wrist_camera": True,
        "n_external_cameras": cameras,
        "needs_stereo_camera": False,
        "needs_session_id": session,
        "action_space": "joint_position",
    }


class RoboArenaServer(OpenpiServer):
    """A model for joint positions; `size`: of the pictures that it wants to be sent, None for as they are."""

    def __init__(self, size: tuple[int, int] | None = (224, 224)) -> None:
        super().__init__(droid_position(10), stated(size))
        self.reset_requests: list[Request] = []

    def reply(self, request: Request, timing: Mapping[str, float]) -> bytes | str:
        """See OpenpiServer."""
        if request.pop("endpoint") == "reset":
            self.reset(request)
            return "reset successful"
        return pack(self.answered(request))

    def reset(self, request: Request) -> None:
        """Begin an episode."""
        self.resets += 1
        self.reset_requests.append(request)

    def answered(self, request: Request) -> Any:
        """Return the answer to a request for actions."""
        return {"actions": self.actions(request)}


class DreamZeroServer(RoboArenaServer):
    """See above; `seen`: how many pictures of each camera the model was given for each request."""

    def __init__(self, size: tuple[int, int] = (180, 320)) -> None:
        super().__init__(size)
        self.answer = droid_position(24)
        self.metadata = stated(size, cameras=2, session=True)
        self.size = size
        self.seen: list[tuple[int, ...]] = []
        self._session: str | None = None
        self._pictures: dict[str, list[np.ndarray]] = {}

    def reset(self, request: Request) -> None:
        """See RoboArenaServer."""
        super().reset(request)
        self._pictures, self._session = {}, None

    def answered(self, request: Request) -> Any:
        """See RoboArenaServer."""
        if self._session != request["session_id"]:
            self._pictures, self._session = {}, request["session_id"]
        first = not self._pictures
        for camera in CAMERAS:
            pictures = request[camera] if request[camera].ndim == 4 else request[camera][None]
            if pictures.shape[1:] != (*self.size, 3) or pictures.dtype != np.uint8:
                raise ValueError(f"{camera} is {pictures.shape} {pictures.dtype}")
            self._pictures.setdefault(camera, []).extend(pictures)
        self.seen.append(tuple(len(self._pictures[camera][-1 if first else -4 :]) for camera in CAMERAS))
        return self.actions(request).astype(np.float32)
