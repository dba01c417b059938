"""What a station file may say of a RealSense camera."""

from dataclasses import dataclass
from pathlib import Path

from ros_wam.calibration import CameraStation
from ros_wam.config import build
from ros_wam.errors import ConfigError

POWER_LINE_HZ = (50, 60)


@dataclass(frozen=True)
class RealSenseSettings:
    """`device:` of a camera whose driver is `realsense`. Depth is of the same size unless it has one of its own.

    What is left out of `exposure_us`, `gain` and `white_balance_k` the camera regulates itself (gain: with exposure).
    `emitter`: whether the infrared projector is on while depth is measured; left out, as the camera has it. `file`: the
    absolute path of a recorded .db3 in place of a camera, played again and again.
    """

    width: int
    height: int
    serial: str | None = None
    exposure_us: float | None = None
    gain: float | None = None
    white_balance_k: float | None = None
    power_line_hz: int | None = None
    depth_width: int | None = None
    depth_height: int | None = None
    emitter: bool | None = None
    file: str | None = None

    def __post_init__(self) -> None:
        if (self.serial is None) == (self.file is None):
            raise ConfigError("serial, of a camera, or file, of a recording, is needed: one of them")
        if self.file is not None and not _is_recording(Path(self.file)):
            raise ConfigError(f"file is {self.file}, must be the absolute path of a .db3 that is there")
        if (self.exposure_us is None) != (self.gain is None):
            raise ConfigError("exposure_us and gain are given together or both left to the camera")
        if self.power_line_hz is not None and self.power_line_hz not in POWER_LINE_HZ:
            raise ConfigError(f"power_line_hz is {self.power_line_hz}, must be one of {POWER_LINE_HZ}")
        if (self.depth_width is None) != (self.depth_height is None):
            raise ConfigError("depth_width and depth_height are given together or both left out")
        for name in ("width", "height", "exposure_us", "white_balance_k", "depth_width", "depth_height"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} is {value}, must be above 0")


def _is_recording(path: Path) -> bool:
    """Whether it can be played: by every process, wherever that was started."""
    return path.is_absolute() and path.suffix == ".db3" and path.is_file()


def read_realsense_settings(view: str, station: CameraStation) -> RealSenseSettings:
    """Return the checked settings; raises ConfigError that names the key, the value and what it may be."""
    settings = build(station.device, RealSenseSettings, f"camera {view}: device")
    if station.rate_hz != int(station.rate_hz):
        raise ConfigError(f"camera {view}: rate_hz is {station.rate_hz:g}, must be a whole number for a RealSense")
    period_us = 1e6 / station.rate_hz
    if settings.exposure_us is not None and settings.exposure_us >= period_us:
        told = f"exposure_us is {settings.exposure_us:g}, must be below a frame's period, {period_us:.0f} us"
        raise ConfigError(f"camera {view}: device: {told}")
    if not station.depth and (settings.depth_width is not None or settings.emitter is not None):
        raise ConfigError(f"camera {view}: device: depth_width, depth_height and emitter are for depth: true")
    return settings
