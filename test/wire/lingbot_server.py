"""LingBot-VA's policy server, and ABot-M0.5's, written from the description of their wire; no code of ours takes part.

openpi's framing. Three kinds of requests: `reset` with a prompt, one for actions, and `compute_kv_cache` with what was
seen while those were executed. It remembers the episode whatever the connection. An error is a text frame with a
traceback, and the end of the connection with code 1011.
"""

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wire.openpi_arrays import pack, unpack
from wire.websocket_server import WebsocketServer

Request = dict[str, Any]
Actions = Callable[[Request], np.ndarray]
FRAMES_PER_LATENT = 4  # what the video's encoder makes one of


class LingbotServer(WebsocketServer):
    """A model of `frames` frames of `per_frame` rows; `answer` gives one row of them, at first `hold`."""

    def __init__(self, hold: Actions, cameras: tuple[str, ...], frames: int, per_frame: int) -> None:
        super().__init__()
        self.answer = hold
        self._cameras, self._frames, self._per_frame = cameras, frames, per_frame
        self.requests: list[Request] = []
        self.executed: list[Request] = []
        self.resets = 0
        self.fail_next = False
        self.widen = False
        self.prompt: str | None = None
        self.latents = 0

    def talk(self, connection: ServerConnection) -> None:
        """See WebsocketServer."""
        try:
            connection.send(pack({}))
            while True:
                told = self.infer(unpack(connection.recv()))
                connection.send(pack({**told, "server_timing": {"infer_ms": 600.0}}))
        except ConnectionClosed:
            return
        except Exception:  # noqa: BLE001 - a server tells its client of any failure
            connection.send(traceback.format_exc())
            connection.close(1011, "Internal server error. Traceback included in previous frame.")

    def infer(self, request: Request) -> dict[str, Any]:
        """Return the answer to any request."""
        if request.get("reset", False):
            self.prompt, self.latents = request.get("prompt"), 0
            self.resets += 1
            return {}
        if request.get("compute_kv_cache", False):
            self._remember(request)
            return {}
        return {"action": self._actions(request)}

    def _remember(self, request: Request) -> None:
        """Take the key frames and the actions into the cache: there have to be as many latents of both."""
        self.executed.append(request)
        videos = [np.stack([frame[camera] for frame in request["obs"]]) for camera in self._cameras]
        latents = len(videos[0]) / FRAMES_PER_LATENT + (self.latents == 0)  # the first observation is one already
        if latents != request["state"].shape[1]:
            raise RuntimeError(f"sizes of tensors must match: {latents} and {request['state'].shape[1]}")
        self.latents += int(latents)

    def _actions(self, request: Request) -> np.ndarray:
        self.requests.append(request)
        if self.prompt is None:
            raise AttributeError("'VA_Server' object has no attribute 'prompt_embeds'")
        if self.fail_next:
            self.fail_next = False
            raise KeyError("observation.images.cam_high")
        seen = request["obs"] if isinstance(request["obs"], list) else [request["obs"]]
        for camera in self._cameras:
            assert seen[0][camera].dtype == np.uint8 and seen[0][camera].ndim == 3
        row = self.answer(request)
        actions = np.tile(row[:, None, None], (1, self._frames, self._per_frame)).astype(np.float32)
        if self.latents == 0:
            actions[:, 0] = 9.0  # the condition that the first frame is, which means nothing
        return np.concatenate([actions, actions[:1]]) if self.widen else actions


def no_motion(request: Request) -> np.ndarray:
    """Two arms where they were when the episode began, with open grippers: xyz, a quaternion xyzw, the gripper."""
    return np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 1.0] * 2)  # quaternions come at any length


def state_held(request: Request) -> np.ndarray:
    """Where the tool is, for actions that are of the state's form."""
    return np.array(request["obs"]["observation.state"])


def no_step(request: Request) -> np.ndarray:
    """No step of the tool, an open gripper: LIBERO's."""
    return np.array([0.0] * 6 + [-1.0])
