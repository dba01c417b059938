"""The simulator's cameras."""

from pathlib import Path

from ros_wam.calibration import CameraStation
from ros_wam.clock import Clock
from ros_wam.errors import CameraError, ConfigError, SimError
from ros_wam.sim.frames import FrameReader
from ros_wam.types import CameraFrame


class SimCamera:
    """Hands on the pictures that the simulator renders; they stop when the simulated world does."""

    def __init__(self, view: str, settings: CameraStation, run_dir: Path, clock: Clock) -> None:
        self._view, self._run_dir, self._clock = view, run_dir, clock
        self._latency_ns = round(settings.latency_s * 1e9)
        self._reader: FrameReader | None = None
        self._last_stamp_ns = 0

    def open(self) -> None:
        """Begin to listen; raises CameraError when the simulator does not serve the view (yet)."""
        self.close()
        try:
            self._reader = FrameReader(self._run_dir, self._view)
        except SimError as error:
            raise CameraError(str(error)) from error

    def read(self, timeout_s: float) -> CameraFrame:
        """Wait for the next picture; raises CameraError when none comes within `timeout_s`."""
        if self._reader is None:
            raise CameraError(f"camera {self._view} is not open")
        deadline_ns = self._clock.now_ns() + round(timeout_s * 1e9)
        while True:
            remaining_s = max((deadline_ns - self._clock.now_ns()) * 1e-9, 0.0)
            found = self._reader.read(remaining_s)
            if found is None:
                raise CameraError(f"camera {self._view}: no new picture within {timeout_s:.3f} s")
            stamp_ns = found.stamp_ns - self._latency_ns
            if stamp_ns > self._last_stamp_ns:
                self._last_stamp_ns = stamp_ns
                return CameraFrame(self._view, stamp_ns, found.image, found.depth)

    def close(self) -> None:
        """Stop listening."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None


def check_settings(view: str, settings: CameraStation) -> None:
    """Raise ConfigError for settings of a device: there is none."""
    if settings.device:
        raise ConfigError(f"camera {view}: device: unknown key {', '.join(settings.device)}; a simulated one has none")


def make_camera(view: str, settings: CameraStation, run_dir: Path, clock: Clock) -> SimCamera:
    """Return the unopened camera of `view`."""
    return SimCamera(view, settings, run_dir, clock)
