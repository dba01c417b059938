"""What a station file may say of a USB camera, or of a picture stream in its place."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from ros_wam.calibration import CameraStation
from ros_wam.config import build
from ros_wam.errors import ConfigError
from ros_wam.policy.secret import resolved


class Source(Enum):
    """Where pictures come from."""

    DEVICE = "a V4L2 device"
    URL = "an address of MJPEG"
    FILE = "a file"


@dataclass(frozen=True)
class UsbSettings:
    """`device:` of a camera whose driver is `usb`.

    `source`: a V4L2 device (`/dev/v4l/by-id/…`, `/dev/video0` or `0`), an http(s) address that sends MJPEG, in which
    `${NAME}` stands for that environment variable, or the absolute path of a video, played again and again. All below
    `height` is for a V4L2 device; what is left out of `exposure_us`, `white_balance_k` and `focus` the camera regulates
    itself, other things are left as they are.
    """

    source: str
    width: int
    height: int
    fourcc: str = "MJPG"
    exposure_us: float | None = None
    gain: float | None = None
    white_balance_k: float | None = None
    focus: float | None = None
    brightness: float | None = None
    contrast: float | None = None
    saturation: float | None = None
    sharpness: float | None = None

    def __post_init__(self) -> None:
        for name in ("width", "height", "exposure_us", "white_balance_k"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} is {value}, must be above 0")
        if len(self.fourcc) != 4 or not self.fourcc.isascii():
            raise ConfigError(f"fourcc is {self.fourcc!r}, must be of four letters, such as MJPG or YUYV")
        if self.kind is Source.FILE and not (Path(self.source).is_absolute() and Path(self.source).is_file()):
            choices = "a device, an http(s) address, or the absolute path of a file that is there"
            raise ConfigError(f"source is {self.source}, must be {choices}")
        given = [name for name in _OF_DEVICE if getattr(self, name) is not None]
        if self.kind is not Source.DEVICE and given:
            raise ConfigError(f"{', '.join(given)} can be set on a V4L2 device alone, source is {self.shown}")

    @property
    def kind(self) -> Source:
        """Where the pictures come from."""
        if urlsplit(self.source).scheme in ("http", "https"):
            return Source.URL
        return Source.DEVICE if self.source.isdigit() or self.source.startswith("/dev/") else Source.FILE

    @property
    def shown(self) -> str:
        """The source as it may be written anywhere: without the user and the password of an address."""
        parts = urlsplit(self.source)
        return (
            parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl() if parts.netloc else self.source
        )


_OF_DEVICE = ("exposure_us", "gain", "white_balance_k", "focus", "brightness", "contrast", "saturation", "sharpness")


def read_usb_settings(view: str, station: CameraStation) -> UsbSettings:
    """Return the checked settings; raises ConfigError that names the key, the value and what it may be."""
    if station.depth:
        raise ConfigError(f"camera {view}: depth is true, but the driver usb gives colour alone")
    settings = build(station.device, UsbSettings, f"camera {view}: device")
    resolved(settings.source, f"camera {view}: device: source")
    period_us = 1e6 / station.rate_hz
    if settings.exposure_us is not None and settings.exposure_us >= period_us:
        told = f"exposure_us is {settings.exposure_us:g}, must be below a frame's period, {period_us:.0f} us"
        raise ConfigError(f"camera {view}: device: {told}")
    return settings
