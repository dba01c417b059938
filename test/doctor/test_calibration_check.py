"""The doctor's rows of calibration age."""

from datetime import date, timedelta

import pytest

from ros_wam.doctor.calibration_check import CALIBRATION_DAYS, calibration_checks

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("days", "ok"), [(0, True), (CALIBRATION_DAYS, True), (CALIBRATION_DAYS + 1, False), (-1, False)]
)
def test_a_calibration_holds_for_so_long(days: int, ok: bool) -> None:
    (check,) = calibration_checks({"wrist": TODAY - timedelta(days=days)}, TODAY, sim=True)
    assert check.ok is ok
    assert check.name == "calibration wrist"


@pytest.mark.parametrize("sim", [True, False])
def test_only_a_simulated_camera_needs_no_date(sim: bool) -> None:
    (check,) = calibration_checks({"wrist": None}, TODAY, sim)
    assert check.ok is sim


def test_every_view_has_its_row() -> None:
    checks = calibration_checks({"wrist": TODAY, "global": date(2020, 1, 1)}, TODAY, sim=True)
    assert [check.ok for check in checks] == [True, False]
