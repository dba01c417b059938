"""GigaWorld-Policy's server: files of torch.save over ZeroMQ; any failure is answered with the bytes ERROR."""

from collections.abc import Callable
from typing import Any

import numpy as np
from wire.torch_saved import Tensor, load, save
from wire.zmq_server import ZmqServer

CAMERAS = ("cam_high", "cam_left_wrist", "cam_right_wrist")
ROWS = 48


class GigaWorldServer(ZmqServer):
    """A model whose actions are `answer`, at first `hold`."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[dict[str, Any]], np.ndarray] = hold
        self.requests: list[dict[str, Any]] = []
        self.resets = 0
        self.fail_next = False
        self.widen = False

    def reply(self, message: bytes) -> bytes:
        """See ZmqServer."""
        try:
            request = load(message)
            endpoint = request.get("endpoint", "inference")
            if endpoint == "ping":
                return save({"status": "ok", "message": "Server is running"})
            if endpoint != "inference":
                raise ValueError(f"Unknown endpoint: {endpoint}")
            return save(self.inference(request.get("data", {})))
        except Exception:  # noqa: BLE001 - as the server does
            return b"ERROR"

    def inference(self, data: dict[str, Any]) -> np.ndarray:
        """Return the rows for one observation, and take note of it."""
        for camera in CAMERAS:
            image = data[f"observation.images.{camera}"]
            assert isinstance(image, Tensor)
            assert image.ndim == 3
            np.asarray(image.transpose(1, 2, 0) * 255).astype(np.uint8)
        assert isinstance(data["observation.state"], Tensor)
        assert isinstance(data["prompt"], str)
        self.requests.append(data)
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("CUDA out of memory")
        rows = self.answer(data)
        return np.concatenate([rows, rows[:, :1]], axis=1) if self.widen else rows


def hold(data: dict[str, Any]) -> np.ndarray:
    """Hold still: the deltas of the arms are 0, the grippers stay."""
    return np.repeat(np.asarray(data["observation.state"], np.float64), ROWS, axis=0)
