"""Reads an OpenCV source in a thread of its own, so that nothing queues up, and no read waits for longer than asked."""

import threading
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.cameras.usb_stamps import UsbStamps
from ros_wam.clock import Clock, host_clocks_ns

JOIN_S = 0.5


class Captured(NamedTuple):
    """A picture HxWx3 BGR, and when it was taken [station time]."""

    image: NDArray[np.uint8]
    stamp_ns: int


class CaptureThread:
    """Keeps the newest picture only. It owns `capture`, a `cv2.VideoCapture`, and releases it when it ends."""

    def __init__(self, capture: Any, stamps: UsbStamps, clock: Clock, file_rate_hz: float | None) -> None:
        """Begin to read. With `file_rate_hz` the source is a file: read at that rate, and begun again at its end."""
        self._capture, self._stamps, self._clock = capture, stamps, clock
        self._file_rate_hz = file_rate_hz
        self._changed = threading.Condition()
        self._newest: Captured | None = None
        self._stop = threading.Event()
        self._ended = False
        self.skipped = 0
        """How many pictures were replaced by a newer one, or had waited, before anybody took them."""
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> Captured | None:
        """Wait for a picture that was not taken before; None when none comes in time, or ever again (see `ended`)."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._ended, timeout_s)
            newest, self._newest = self._newest, None
        return newest

    @property
    def ended(self) -> bool:
        """Whether the source gives no more pictures."""
        return self._ended

    def stop(self) -> None:
        """Read no more. A device that hangs is released by the thread when it comes back: within V4L2's 10 s."""
        self._stop.set()
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        try:
            while not self._stop.is_set() and self._read():
                pass
        finally:
            self._capture.release()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _read(self) -> bool:
        asked_ns = self._clock.now_ns()
        if not self._capture.grab() and not (self._file_rate_hz and self._begin_again()):
            return False
        received_ns, monotonic_ns = self._clock.now_ns(), host_clocks_ns()[0]
        driver_ns = round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
        stamp_ns = self._stamps.station_ns(driver_ns, monotonic_ns, asked_ns, received_ns)
        if stamp_ns is None:
            self.skipped += 1
        else:
            self._keep(stamp_ns)
        if self._file_rate_hz:
            self._clock.sleep_until_ns(asked_ns + round(1e9 / self._file_rate_hz))
        return True

    def _keep(self, stamp_ns: int) -> None:
        done, image = self._capture.retrieve()
        if done:  # else a picture that came broken
            with self._changed:
                self.skipped += self._newest is not None
                self._newest = Captured(image, stamp_ns)
                self._changed.notify_all()

    def _begin_again(self) -> bool:
        return bool(self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0) and self._capture.grab())
