"""Do all views come, often enough, of one moment, and stamped by the station's clock?"""

from ros_wam.calibration import Station
from ros_wam.cameras.figures import CameraFigures
from ros_wam.cameras.stream import FROZEN
from ros_wam.doctor.check import Check
from ros_wam.doctor.measured import Measured, Stream
from ros_wam.policy.profile import Freshness
from ros_wam.trial.liveness import ENOUGH

FRESHNESS = Freshness()
"""Of observations: a stamp that is further off than this makes every observation of that view refused."""
SILENT = "not known: its node says nothing"
MOST_WITHOUT_DEPTH = 0.1
SIMULATED = "sim"
"""The driver that has no device, so no settings and no clock of its own."""
_NOT_SETTINGS = frozenset(CameraFigures(1.0, 0).take(0)) | {"repeated", "skipped", "without_depth", "stamps"}
_REGULATED = {
    ("enable_auto_exposure", "1.0"): "exposure",
    ("auto_exposure", "3.0"): "exposure",
    ("enable_auto_white_balance", "1.0"): "white balance",
    ("automatic white_balance_k", "1.0"): "white balance",
    ("automatic focus", "1.0"): "focus",
}
"""As each driver tells what its camera is left to do by itself."""
_EXACT = ("global_time, on the wall clock", "the driver's, of the monotonic clock")
"""Stamps that may be of the moment of capture: with them 0 may be the latency that was measured."""


def camera_checks(measured: Measured, station: Station) -> list[Check]:
    """Return three rows for each view, two or three more where a real camera serves it, and one for their skew."""
    rows, slow = [], slow_views(measured, station)
    for view, stream in measured.views.items():
        expected_hz = station.cameras[view].rate_hz
        limit = f"{ENOUGH * expected_hz:.0f} Hz or more of {expected_hz:.0f}"
        rows.append(Check(f"camera {view} rate", view not in slow, f"{stream.rate_hz:.1f} Hz", limit))
        rows += [_frozen(view, stream), _errors(view, stream)]
        if station.cameras[view].driver != SIMULATED:
            rows += [_settings(view, stream), _stamps(view, stream, station.cameras[view].latency_s)]
            rows += [_depth(view, stream)] if station.cameras[view].depth else []
    if len(measured.views) > 1:
        rows.append(_skew(measured, min(station.cameras[view].rate_hz for view in measured.views)))
    return rows


def slow_views(measured: Measured, station: Station) -> list[str]:
    """Return the views that do not come often enough."""
    return [view for view, each in measured.views.items() if each.rate_hz < ENOUGH * station.cameras[view].rate_hz]


def clock_checks(measured: Measured) -> list[Check]:
    """Return a row for each camera: the shortest way here is taken for its clock's offset."""
    return [_offset(f"camera {view}", stream) for view, stream in measured.views.items()]


def _frozen(view: str, stream: Stream) -> Check:
    """Only the camera's node sees the pixels: without its word new pictures are not known to be."""
    frozen = [trouble for trouble in stream.troubles if FROZEN in trouble]
    if stream.rate_hz <= 0.0 and not frozen:
        value = "no picture came"
    else:
        value = "; ".join(frozen) or ("new pictures" if stream.spoke else SILENT)
    return Check(f"camera {view} frozen", value == "new pictures", value, "new pictures")


def _errors(view: str, stream: Stream) -> Check:
    errors = [trouble for trouble in stream.troubles if FROZEN not in trouble]
    value = "; ".join(errors) or ("none" if stream.spoke else SILENT)
    return Check(f"camera {view} errors", value == "none", value, "none")


def _settings(view: str, stream: Stream) -> Check:
    """What the camera regulates itself is among them, since pictures then change; it is no reason not to go."""
    told = {name: value for name, value in stream.facts.items() if name not in _NOT_SETTINGS}
    value = ", ".join(f"{name} {value}" for name, value in told.items()) or SILENT
    regulated = [what for (name, on), what in _REGULATED.items() if told.get(name) == on]
    value += f"; regulates itself: {', '.join(regulated)}" if regulated else ""
    return Check(f"camera {view} settings", bool(told), value, "read back as the station file says")


def _stamps(view: str, stream: Stream, latency_s: float) -> Check:
    """Without a clock that is known, only the latency that somebody measured says when a picture was taken."""
    told = stream.facts.get("stamps", "")
    known = told in _EXACT or (bool(told) and latency_s > 0.0)
    value = f"{told}; latency_s {latency_s:g}" if told else SILENT
    return Check(f"camera {view} stamps", known, value, "the camera's own time, or latency_s measured")


def _depth(view: str, stream: Stream) -> Check:
    """A picture without depth is not served at all, so that it costs rate."""
    whole, without = (float(stream.facts.get(name) or "0") for name in ("pictures", "without_depth"))
    share = without / (whole + without) if whole else 1.0
    value = f"{share:.0%} of the pictures without" if whole else "no picture came"
    return Check(
        f"camera {view} depth", share <= MOST_WITHOUT_DEPTH, value, f"{MOST_WITHOUT_DEPTH:.0%} or less without"
    )


def _skew(measured: Measured, slowest_hz: float) -> Check:
    most_ms = 1e3 * (1.0 / slowest_hz + FRESHNESS.skew_margin_s)
    skew_ms = measured.skew_ms
    value = "not every view came" if skew_ms is None else f"{skew_ms:.1f} ms"
    return Check("camera skew", skew_ms is not None and skew_ms <= most_ms, value, f"{most_ms:.1f} ms or less")


def _offset(name: str, stream: Stream) -> Check:
    least_ms, most_ms = -1e3 * FRESHNESS.skew_margin_s, 1e3 * FRESHNESS.max_age_s
    delay_ms = stream.delay_ms
    if delay_ms is None:
        value = "nothing came"
    elif delay_ms < least_ms:
        value = f"{-delay_ms:.1f} ms ahead of this station's"
    else:
        value = f"{delay_ms:.1f} ms behind this station's"
    holds = delay_ms is not None and least_ms <= delay_ms <= most_ms
    return Check(f"clock of {name}", holds, value, f"{-least_ms:.0f} ms ahead to {most_ms:.0f} ms behind")
