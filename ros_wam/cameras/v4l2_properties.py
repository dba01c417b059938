"""Sets what a V4L2 device is to do through OpenCV, and reads each back: V4L2 takes another value without a word."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2

from ros_wam.cameras.usb_settings import UsbSettings
from ros_wam.errors import CameraError

EXPOSURE_UNIT_US = 100.0
MANUAL_EXPOSURE, REGULATED_EXPOSURE = 1.0, 3.0  # V4L2_EXPOSURE_MANUAL, V4L2_EXPOSURE_APERTURE_PRIORITY
_RATE_TOLERANCE = 0.01  # 29.97 for 30
_UNKNOWN = -1.0  # what OpenCV returns for a control that the device has not


class Property(NamedTuple):
    """`key` is OpenCV's; `unit`: how many of ours one of its own is; `regulated`: the device need not have it."""

    name: str
    key: int
    value: float
    unit: float = 1.0
    regulated: bool = False


def v4l2_properties(settings: UsbSettings, rate_hz: float) -> Iterator[Property]:
    """Yield what to set, in an order in which nothing undoes what was set before: format, automatics, values."""
    yield Property("fourcc", cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*settings.fourcc)))
    yield Property("width", cv2.CAP_PROP_FRAME_WIDTH, float(settings.width))
    yield Property("height", cv2.CAP_PROP_FRAME_HEIGHT, float(settings.height))
    yield Property("rate_hz", cv2.CAP_PROP_FPS, rate_hz)
    if settings.exposure_us is None:
        yield Property("auto_exposure", cv2.CAP_PROP_AUTO_EXPOSURE, REGULATED_EXPOSURE, regulated=True)
    else:
        steps = float(round(settings.exposure_us / EXPOSURE_UNIT_US))
        yield Property("auto_exposure", cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL_EXPOSURE)
        yield Property("exposure_us", cv2.CAP_PROP_EXPOSURE, steps, EXPOSURE_UNIT_US)
    for name, automatic, key in (
        ("white_balance_k", cv2.CAP_PROP_AUTO_WB, cv2.CAP_PROP_WB_TEMPERATURE),
        ("focus", cv2.CAP_PROP_AUTOFOCUS, cv2.CAP_PROP_FOCUS),
    ):
        value = getattr(settings, name)
        yield Property(f"automatic {name}", automatic, float(value is None), regulated=True)
        if value is not None:
            yield Property(name, key, value)
    for name, key in _VALUES.items():
        value = getattr(settings, name)
        if value is not None:
            yield Property(name, key, value)


_VALUES = {
    "gain": cv2.CAP_PROP_GAIN,
    "brightness": cv2.CAP_PROP_BRIGHTNESS,
    "contrast": cv2.CAP_PROP_CONTRAST,
    "saturation": cv2.CAP_PROP_SATURATION,
    "sharpness": cv2.CAP_PROP_SHARPNESS,
}


def set_properties(view: str, capture: Any, settings: UsbSettings, rate_hz: float) -> dict[str, float]:
    """Set everything on a `cv2.VideoCapture`, read it back when all is set, and return it by name, in our units.

    Raises CameraError that names all that the device does not do as asked, with what it does instead.
    """
    wanted = list(v4l2_properties(settings, rate_hz))
    for each in wanted:
        capture.set(each.key, each.value)  # it returns True for values that are not taken
    given = {each.name: float(capture.get(each.key)) for each in wanted}
    wrong = [_told(each, given[each.name]) for each in wanted if not _fits(each, given[each.name])]
    if wrong:
        hint = f"v4l2-ctl -d {settings.shown} --list-formats-ext --list-ctrls tells what it takes"
        raise CameraError(f"camera {view}: {settings.shown}: {'; '.join(wrong)}; {hint}")
    return {each.name: given[each.name] * each.unit for each in wanted if given[each.name] != _UNKNOWN}


def _fits(wanted: Property, given: float) -> bool:
    apart = _RATE_TOLERANCE * wanted.value if wanted.name == "rate_hz" else 0.5  # all others are whole numbers
    return (wanted.regulated and given == _UNKNOWN) or abs(given - wanted.value) <= apart


def _told(wanted: Property, given: float) -> str:
    if wanted.name == "fourcc":
        return f"fourcc is {_letters(given)} after {_letters(wanted.value)} was asked for"
    if given == _UNKNOWN:
        return f"{wanted.name} cannot be set"
    return f"{wanted.name} is {given * wanted.unit:g} after {wanted.value * wanted.unit:g} was asked for"


def _letters(code: float) -> str:
    return int(code).to_bytes(4, "little", signed=False).decode("latin-1") if code >= 0 else "unknown"
