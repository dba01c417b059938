"""WALL-OSS's policy servers, new and old, written from the description of their wire; no code of ours takes part.

openpi's framing with the arrays of PyPI's msgpack-numpy. An error is a text frame with a traceback, and the end of the
connection with code 1011; behind the new one's batching it is an `error` beside an empty `action`.
"""

import base64
import io
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wire.lebedov_arrays import pack, unpack
from wire.websocket_server import WebsocketServer

Request = dict[str, Any]
ARMS = ("follow1_pos", "follow2_pos")
HORIZON = 32


class WallServer(WebsocketServer):
    """A model of two arms' absolute poses, xyz, angles and gripper; at first those of the state."""

    def __init__(self) -> None:
        super().__init__()
        self.metadata: dict[str, Any] = {"batch_enabled": True, "model": "wall-x", "env": "x2robot"}
        self.answer: Callable[[Request], Any] = lambda request: [request["state"][arm] for arm in ARMS]
        self.requests: list[Request] = []
        self.pictures: list[dict[str, np.ndarray]] = []
        self.resets = 0
        self.fail_next = False
        self.batched = False
        """Whether errors come from behind the batching."""
        self.widen = False

    def talk(self, connection: ServerConnection) -> None:
        """See WebsocketServer."""
        timing: dict[str, float] = {}
        try:
            connection.send(pack(self.metadata))
            while True:
                answer = self._batch(unpack(connection.recv()))
                connection.send(pack({**answer, "server_timing": {"infer_ms": 90.0, **timing}}))
                timing = {"prev_total_ms": 95.0}
        except ConnectionClosed:
            return
        except Exception:  # noqa: BLE001 - a server tells its client of any failure
            connection.send(traceback.format_exc())
            connection.close(1011, "Internal server error. Traceback included in previous frame.")

    def _batch(self, request: Request) -> dict[str, Any]:
        try:
            return self.infer(request)
        except (KeyError, ValueError) as error:
            if self.batched:
                return {"action": {}, "error": str(error)}
            raise

    def infer(self, request: Request) -> dict[str, Any]:
        """Return the poses of both arms, as lists, the current ones first."""
        self.requests.append(request)
        pictures = {view: base64.b64decode(text) for view, text in request["views"].items()}
        self.pictures.append({view: np.array(Image.open(io.BytesIO(data))) for view, data in pictures.items()})
        self.fail("follow_left_gripper")
        current = [list(request["state"][arm]) for arm in ARMS]
        answer = {
            arm: [[9.0] * 7, *[list(pose)] * HORIZON]  # the current state, which nobody is to execute
            for arm, pose in zip(ARMS, self.answer(request), strict=True)
        }
        assert all(len(pose) == 7 for pose in current) and isinstance(request["instruction"], str)
        if self.widen:
            answer[ARMS[1]] = [[*pose, 0.0] for pose in answer[ARMS[1]]]
        return answer

    def fail(self, name: str) -> None:
        """Fail if that is asked for."""
        if self.fail_next:
            self.fail_next = False
            raise ValueError(f"Cannot serialize left arm action; missing action fields: {name}")


class OldWallServer(WallServer):
    """The server before: pictures as arrays under the cameras' names, one array as answer; LIBERO's steps."""

    def __init__(self, cameras: tuple[str, ...]) -> None:
        super().__init__()
        self.metadata = {"action_dim": 7, "pred_horizon": 10, "device": "cuda", "predict_mode": "diffusion"}
        self._cameras = cameras
        self.answer = lambda request: [0.0] * 6 + [-1.0]

    def infer(self, request: Request) -> dict[str, Any]:
        """Return the rows as one array, with an axis for the batch."""
        self.requests.append(request)
        for camera in self._cameras:
            assert request[camera].dtype == np.uint8 and request[camera].shape[2] == 3
        assert request["prompt"] and request["dataset_names"] and request["state"].shape == (7,)
        self.fail("proprioception")
        rows = np.tile(np.array(self.answer(request), np.float32), (1, 10, 1))
        return {"predict_action": np.concatenate([rows, rows[..., :1]], axis=2) if self.widen else rows}
