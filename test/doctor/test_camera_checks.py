"""The doctor's rows of cameras and of the clocks that stamp."""

from dataclasses import replace
from typing import Any

import pytest
from doctor_fixtures import HEALTHY, ROOT, failed, found

from ros_wam.calibration import load_station
from ros_wam.doctor.camera_checks import camera_checks, clock_checks
from ros_wam.doctor.check import Check
from ros_wam.doctor.measured import Measured, Stream

STATION = load_station(ROOT / "calib" / "ur5" / "sim")


def with_wrist(**changes: Any) -> Measured:
    wrist = replace(HEALTHY.views["wrist"], **changes)
    return replace(HEALTHY, views={**HEALTHY.views, "wrist": wrist})


def rows(measured: Measured) -> list[Check]:
    return camera_checks(measured, STATION)


def test_healthy_cameras() -> None:
    assert failed(rows(HEALTHY)) == []
    assert failed(clock_checks(HEALTHY)) == []
    assert [check.name for check in clock_checks(HEALTHY)] == ["clock of camera wrist", "clock of camera global"]


@pytest.mark.parametrize(("rate_hz", "names"), [(15.0, []), (14.9, ["camera wrist rate"])])
def test_a_slow_camera(rate_hz: float, names: list[str]) -> None:
    assert failed(rows(with_wrist(rate_hz=rate_hz))) == names


def test_a_frozen_camera_says_so() -> None:
    checks = rows(with_wrist(troubles=("camera wrist is frozen: it sent the same picture 15 times",)))
    assert failed(checks) == ["camera wrist frozen"]
    assert found(checks, "camera wrist frozen").startswith("camera wrist is frozen")


def test_another_error_of_a_camera_has_a_row_of_its_own() -> None:
    checks = rows(with_wrist(troubles=("camera wrist: no picture within 0.5 s",)))
    assert failed(checks) == ["camera wrist errors"]
    assert found(checks, "camera wrist errors") == "camera wrist: no picture within 0.5 s"


def test_without_a_word_of_its_node_pictures_are_not_known_to_be_new() -> None:
    checks = rows(with_wrist(spoke=False))
    assert failed(checks) == ["camera wrist frozen", "camera wrist errors"]
    assert found(checks, "camera wrist frozen") == "not known: its node says nothing"


def test_a_camera_without_pictures_is_as_good_as_frozen() -> None:
    checks = rows(with_wrist(rate_hz=0.0))
    assert found(checks, "camera wrist frozen") == "no picture came"
    assert failed(checks) == ["camera wrist rate", "camera wrist frozen"]


@pytest.mark.parametrize(("skew_ms", "ok"), [(43.3, True), (43.4, False), (None, False)])
def test_skew_of_more_than_a_frame_and_a_margin(skew_ms: float | None, ok: bool) -> None:
    assert ("camera skew" not in failed(rows(replace(HEALTHY, skew_ms=skew_ms)))) is ok


def test_one_view_has_no_row_of_skew() -> None:
    checks = rows(replace(HEALTHY, views={"wrist": Stream(30.0, 4.0, spoke=True)}, skew_ms=None))
    assert [check.name for check in checks] == ["camera wrist rate", "camera wrist frozen", "camera wrist errors"]


@pytest.mark.parametrize(
    ("delay_ms", "ok", "words"),
    [
        (100.0, True, "100.0 ms behind"),
        (100.1, False, "100.1 ms behind"),
        (-10.0, True, "10.0 ms behind"),
        (-10.1, False, "10.1 ms ahead"),
        (None, False, "nothing came"),
    ],
)
def test_a_clock_that_is_off(delay_ms: float | None, ok: bool, words: str) -> None:
    checks = clock_checks(with_wrist(delay_ms=delay_ms))
    assert failed(checks) == ([] if ok else ["clock of camera wrist"])
    if delay_ms != -10.0:
        assert words in found(checks, "clock of camera wrist")
