"""How old is the calibration of each view?"""

from collections.abc import Mapping
from datetime import date

from ros_wam.doctor.check import Check
from ros_wam.errors import ConfigError

CALIBRATION_DAYS = 90
"""A camera that people work beside does not stay where it is for longer; our choice."""


def calibration_checks(calibrated: Mapping[str, date | ConfigError | None], today: date, sim: bool) -> list[Check]:
    """Return a row for each view; a simulated camera whose file bears no date is where its file says.

    A view whose file cannot be read has the error in place of a date.
    """
    return [_check(view, day, today, sim) for view, day in calibrated.items()]


def _check(view: str, day: date | ConfigError | None, today: date, sim: bool) -> Check:
    limit = f"{CALIBRATION_DAYS} days or less"
    if isinstance(day, ConfigError):
        return Check(f"calibration {view}", False, str(day), limit)
    if day is None:
        undated = "exact: simulated" if sim else "no date: `calibrated:` is not in its file"
        return Check(f"calibration {view}", sim, undated, limit)
    age = (today - day).days
    return Check(f"calibration {view}", 0 <= age <= CALIBRATION_DAYS, f"{age} days, of {day}", limit)
