"""USB cameras through V4L2 and OpenCV; an address that sends MJPEG or a file of video in their place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ros_wam.calibration import CameraStation
from ros_wam.cameras.capture_thread import CaptureThread
from ros_wam.cameras.usb_settings import Source, UsbSettings, read_usb_settings
from ros_wam.cameras.usb_stamps import UsbStamps
from ros_wam.cameras.v4l2_properties import set_properties
from ros_wam.clock import Clock
from ros_wam.errors import CameraError
from ros_wam.policy.secret import resolved
from ros_wam.types import CameraFrame

OPEN_TIMEOUT_MS = 3000
READ_TIMEOUT_MS = 1000
FIRST_PICTURE_S = 3.0
"""A camera that has just been started takes up to a second until its first picture."""
_FFMPEG = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS)


class UsbCamera:
    """One source of pictures, of which the newest is served."""

    def __init__(self, view: str, station: CameraStation, settings: UsbSettings, clock: Clock) -> None:
        self._view, self._settings, self._clock = view, settings, clock
        self._rate_hz = station.rate_hz
        self._latency_ns = round(station.latency_s * 1e9)
        self._stamps = UsbStamps(settings.kind, station.rate_hz)
        self._thread: CaptureThread | None = None
        self._facts: Mapping[str, Any] = {}
        self._last_ns = 0

    def open(self) -> None:
        """Open the source, set everything and wait for a picture; raises CameraError, also for what it does not do as
        asked.
        """
        self.close()
        capture = cv2.VideoCapture()
        if not self._opened(capture):
            raise CameraError(f"camera {self._view}: {self._settings.shown} cannot be opened")
        try:
            if self._settings.kind is Source.DEVICE:
                self._facts = set_properties(self._view, capture, self._settings, self._rate_hz)
        except CameraError:
            capture.release()
            raise
        self._stamps = UsbStamps(self._settings.kind, self._rate_hz)
        file_rate_hz = self._rate_hz if self._settings.kind is Source.FILE else None
        self._thread = CaptureThread(capture, self._stamps, self._clock, file_rate_hz)
        if self._thread.take(FIRST_PICTURE_S) is None:
            raise CameraError(f"camera {self._view}: {self._settings.shown}: no picture within {FIRST_PICTURE_S:g} s")

    def read(self, timeout_s: float) -> CameraFrame:
        """Wait for the next picture; raises CameraError when none comes within `timeout_s`, or one of another size."""
        if self._thread is None:
            raise CameraError(f"camera {self._view} is not open")
        source = f"camera {self._view}: {self._settings.shown}"
        deadline_ns = self._clock.now_ns() + round(timeout_s * 1e9)
        while (left_ns := deadline_ns - self._clock.now_ns()) > 0:
            found = self._thread.take(left_ns * 1e-9)
            if found is None:
                break
            stamp_ns = found.stamp_ns - self._latency_ns
            if stamp_ns > self._last_ns:
                self._last_ns = stamp_ns
                self._check_size(found.image)
                image = np.asarray(cv2.cvtColor(found.image, cv2.COLOR_BGR2RGB), np.uint8)
                return CameraFrame(self._view, stamp_ns, image)
        if self._thread.ended:
            raise CameraError(f"{source} has ended: unplugged, or closed by the other side")
        raise CameraError(f"{source}: no new picture within {timeout_s:.3f} s")

    def close(self) -> None:
        """Let go of the source."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()

    def facts(self) -> Mapping[str, Any]:
        """Return what the settings were read back as, what the stamps are, and how many pictures were skipped."""
        skipped = 0 if self._thread is None else self._thread.skipped
        return {"source": self._settings.shown, **self._facts, "stamps": self._stamps.told, "skipped": skipped}

    def _opened(self, capture: Any) -> bool:
        source = self._settings.source
        if self._settings.kind is not Source.DEVICE:
            address = resolved(source, f"camera {self._view}: device: source")
            return bool(capture.open(address, cv2.CAP_FFMPEG, _FFMPEG))
        path = f"/dev/video{source}" if source.isdigit() else source
        if not Path(path).exists():
            raise CameraError(f"camera {self._view}: there is no {path}; there are: {_devices() or 'none'}")
        return bool(capture.open(str(Path(path).resolve()), cv2.CAP_V4L2))

    def _check_size(self, image: Any) -> None:
        height, width = image.shape[:2]
        if (width, height) != (self._settings.width, self._settings.height):
            wanted = f"{self._settings.width}x{self._settings.height}"
            raise CameraError(f"camera {self._view}: {self._settings.shown} sends {width}x{height}, must be {wanted}")


def _devices() -> str:
    named = sorted(str(path) for path in Path("/dev/v4l/by-id").glob("*"))
    return ", ".join(named or sorted(str(path) for path in Path("/dev").glob("video*")))


def check_settings(view: str, station: CameraStation) -> None:
    """Raise ConfigError unless `station` is one that a camera can be made of."""
    read_usb_settings(view, station)


def make_camera(view: str, settings: CameraStation, run_dir: Path, clock: Clock) -> UsbCamera:
    """Return the unopened camera of `view`."""
    return UsbCamera(view, settings, read_usb_settings(view, settings), clock)
