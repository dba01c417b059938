"""One camera read in a thread of its own, reopened when it fails."""

import threading
from collections.abc import Callable

import numpy as np

from ros_wam.cameras.camera import Camera
from ros_wam.errors import CameraError
from ros_wam.types import CameraFrame

READ_TIMEOUT_S = 0.5
REOPEN_AFTER_S = 1.0
FROZEN_FRAMES = 15  # half a second at 30 Hz
FROZEN = "is frozen"
"""How a camera that sends one picture again and again is told from one that has another error."""


class CameraStream:
    """Hands on every picture that is new. A device may stamp the same picture anew: that is none, and it is not served.

    A sensor's noise makes two pictures differ; one that is equal to the last in every pixel was not taken again.
    `on_frame` and `on_error` are called from the stream's thread.
    """

    def __init__(
        self, camera: Camera, on_frame: Callable[[CameraFrame], None], on_error: Callable[[CameraError], None]
    ) -> None:
        self._camera = camera
        self._on_frame = on_frame
        self._on_error = on_error
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera")
        self._last: CameraFrame | None = None
        self._repeats = 0
        self.repeated = 0
        """How many pictures were equal to the one before, and not handed on."""

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Return when the camera is closed and the thread has ended: within READ_TIMEOUT_S, or what opening takes."""
        self._stop.set()
        self._thread.join()

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._camera.open()
                while not self._stop.is_set():
                    self._pass_on(self._camera.read(READ_TIMEOUT_S))
            except CameraError as error:
                self._on_error(error)
                self._stop.wait(REOPEN_AFTER_S)
            finally:
                self._camera.close()

    def _pass_on(self, frame: CameraFrame) -> None:
        last, self._last = self._last, frame
        if last is None or not np.array_equal(frame.image, last.image):
            self._repeats = 0
            self._on_frame(frame)
            return
        self._repeats += 1
        self.repeated += 1
        if self._repeats >= FROZEN_FRAMES:
            self._repeats = 0
            raise CameraError(f"camera {frame.view} {FROZEN}: it sent the same picture {FROZEN_FRAMES} times")
