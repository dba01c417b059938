"""A camera whose pictures come when the test says so."""

import queue

import numpy as np

from ros_wam.errors import CameraError
from ros_wam.types import CameraFrame


class FakeCamera:
    """Serves what `put` was given; raises at once when there is nothing and it `is_frozen`."""

    def __init__(self, view: str = "wrist") -> None:
        self.frames: queue.Queue[CameraFrame] = queue.Queue()
        self.opened = 0
        self.closed = 0
        self.is_frozen = False
        self._view = view
        self._is_open = False
        self._last_ns = -1

    def put(self, stamp_ns: int, shade: int) -> None:
        self.frames.put(CameraFrame(self._view, stamp_ns, np.full((4, 6, 3), shade, np.uint8)))

    def open(self) -> None:
        self.opened += 1
        self._is_open = True

    def read(self, timeout_s: float) -> CameraFrame:
        if not self._is_open:
            raise CameraError(f"camera {self._view} is closed")
        try:
            frame = self.frames.get(timeout=0.0 if self.is_frozen else timeout_s)
        except (queue.Empty, ValueError) as error:
            raise CameraError(f"camera {self._view} sent nothing within {timeout_s:g} s") from error
        if frame.stamp_ns <= self._last_ns:
            raise CameraError(f"camera {self._view} repeats itself")
        self._last_ns = frame.stamp_ns
        return frame

    def close(self) -> None:
        self.closed += 1
        self._is_open = False
