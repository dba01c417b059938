"""Do all views come, often enough, of one moment, and stamped by the station's clock?"""

from ros_wam.calibration import Station
from ros_wam.doctor.check import Check
from ros_wam.doctor.measured import Measured, Stream
from ros_wam.policy.profile import Freshness
from ros_wam.trial.liveness import ENOUGH

FRESHNESS = Freshness()
"""Of observations: a stamp that is further off than this makes every observation of that view refused."""


def camera_checks(measured: Measured, station: Station) -> list[Check]:
    """Return two rows for each view, and one for the skew between them."""
    rows = []
    for view, stream in measured.views.items():
        expected_hz = station.cameras[view].rate_hz
        least_hz = ENOUGH * expected_hz
        limit = f"{least_hz:.0f} Hz or more of {expected_hz:.0f}"
        rows.append(Check(f"camera {view} rate", stream.rate_hz >= least_hz, f"{stream.rate_hz:.1f} Hz", limit))
        fresh = not stream.trouble and stream.rate_hz > 0.0
        trouble = stream.trouble or "no picture came"
        rows.append(Check(f"camera {view} frozen", fresh, "new pictures" if fresh else trouble, "new pictures"))
    if len(measured.views) > 1:
        rows.append(_skew(measured, min(station.cameras[view].rate_hz for view in measured.views)))
    return rows


def clock_checks(measured: Measured) -> list[Check]:
    """Return a row for each device that stamps what it sends: the shortest way here is taken for its clock's offset."""
    streams = {**{f"camera {view}": stream for view, stream in measured.views.items()}, "robot": measured.state}
    return [_offset(name, stream) for name, stream in streams.items()]


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
