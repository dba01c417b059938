"""Sets the options of a RealSense sensor, and reads each back: a camera may take another value than it was given."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ros_wam.cameras.realsense_settings import RealSenseSettings
from ros_wam.errors import CameraError

COLOUR_EXPOSURE_UNIT_US = 100.0
"""Of a colour sensor of its own (D415, D435, D455); where the stereo sensor gives the colour (D405), it is 1 us."""
STEREO_SENSOR = "Stereo Module"
AUTOMATICS = ("enable_auto_exposure", "enable_auto_white_balance")


class Option(NamedTuple):
    """One option by librealsense's name, the value to set in its unit, and how many of ours one of these is."""

    name: str
    value: float
    unit: float = 1.0


def colour_options(settings: RealSenseSettings, sensor: str) -> Iterator[Option]:
    """Yield what to set on the sensor of that name which gives the colour, in this order."""
    yield Option("enable_auto_exposure", float(settings.exposure_us is None))
    if settings.exposure_us is not None and settings.gain is not None:
        unit = 1.0 if sensor == STEREO_SENSOR else COLOUR_EXPOSURE_UNIT_US
        yield Option("exposure", round(settings.exposure_us / unit), unit)
        yield Option("gain", settings.gain)
    yield Option("enable_auto_white_balance", float(settings.white_balance_k is None))
    if settings.white_balance_k is not None:
        yield Option("white_balance", settings.white_balance_k)
    if settings.power_line_hz is not None:
        yield Option("power_line_frequency", {50: 1.0, 60: 2.0}[settings.power_line_hz])


def depth_options(settings: RealSenseSettings) -> Iterator[Option]:
    """Yield what to set on the sensor that measures depth."""
    if settings.emitter is not None:
        yield Option("emitter_enabled", float(settings.emitter))


def set_option(view: str, sensor: Any, option: Option, ids: Mapping[str, Any]) -> float:
    """Set `option` on an `rs.sensor`, read it back and return it in our unit; `ids` are `rs.option`'s by name.

    Raises CameraError with the name, what was asked for, what there is and the range, where these differ. A recording's
    options cannot be set: what is asked for must be what they were, but for what is left to the camera. A sensor that
    has no automatic needs none to be switched off, or on.
    """
    option_id, asked = ids[option.name], option.value * option.unit
    if not sensor.supports(option_id):
        if option.name in AUTOMATICS:
            return asked
        raise CameraError(f"camera {view}: {option.name} is to be {asked:g}, but this camera has no such option")
    settable = not sensor.is_option_read_only(option_id)
    if not settable and option.name in AUTOMATICS and option.value:
        return float(sensor.get_option(option_id))
    refusal = ""
    try:
        if settable:
            sensor.set_option(option_id, option.value)
        given = float(sensor.get_option(option_id)) * option.unit
    except RuntimeError as error:
        refusal, given = f" ({error})", float(sensor.get_option(option_id)) * option.unit
    if refusal or abs(given - asked) > 1e-3 * max(abs(asked), 1e-3):
        bounds = sensor.get_option_range(option_id)
        low, high, step = (bound * option.unit for bound in (bounds.min, bounds.max, bounds.step))
        told = f"{option.name} is {given:g} after {asked:g} was asked for{refusal}"
        raise CameraError(f"camera {view}: {told}; it takes {low:g} to {high:g} in steps of {step:g}")
    return given
