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


REAL = replace(
    STATION, cameras={**STATION.cameras, "wrist": replace(STATION.cameras["wrist"], driver="realsense", latency_s=0.02)}
)
FACTS = {"rate_hz": "30.0", "serial": "012345678901", "exposure": "8000.0", "stamps": "global_time, on the wall clock"}


def test_a_real_camera_has_rows_of_its_settings_and_its_stamps() -> None:
    checks = camera_checks(with_wrist(facts=FACTS), REAL)
    assert failed(checks) == []
    assert found(checks, "camera wrist settings") == "serial 012345678901, exposure 8000.0"
    assert found(checks, "camera wrist stamps") == "global_time, on the wall clock; latency_s 0.02"
    assert not [check for check in checks if check.name in ("camera global settings", "camera global stamps")]


def test_a_real_camera_that_tells_nothing() -> None:
    assert failed(camera_checks(HEALTHY, REAL)) == ["camera wrist settings", "camera wrist stamps"]


@pytest.mark.parametrize(
    ("stamps", "latency_s", "ok"),
    [
        ("global_time, on the wall clock", 0.0, True),
        ("the driver's, of the monotonic clock", 0.0, True),
        ("system_time, on the wall clock", 0.0, False),
        ("system_time, on the wall clock", 0.03, True),
        ("hardware_clock, mapped by the least delay", 0.0, False),
        ("hardware_clock, mapped by the least delay", 0.03, True),
        ("receipt, without what had waited", 0.0, False),
        ("receipt, without what had waited", 0.08, True),
    ],
)
def test_stamps_that_do_not_know_the_way_here_need_a_measured_latency(stamps: str, latency_s: float, ok: bool) -> None:
    wrist = replace(REAL.cameras["wrist"], latency_s=latency_s)
    station = replace(REAL, cameras={**REAL.cameras, "wrist": wrist})
    checks = camera_checks(with_wrist(facts={**FACTS, "stamps": stamps}), station)
    assert ("camera wrist stamps" not in failed(checks)) is ok


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"enable_auto_exposure": "1.0", "enable_auto_white_balance": "1.0"}, "exposure, white balance"),
        ({"auto_exposure": "3.0", "automatic white_balance_k": "0.0", "automatic focus": "1.0"}, "exposure, focus"),
    ],
)
def test_what_a_camera_regulates_itself_is_named_and_no_reason_not_to_go(facts: dict[str, str], words: str) -> None:
    checks = camera_checks(with_wrist(facts={**FACTS, **facts}), REAL)
    assert failed(checks) == []
    assert found(checks, "camera wrist settings").endswith(f"; regulates itself: {words}")


@pytest.mark.parametrize(
    ("facts", "ok", "words"),
    [
        ({"pictures": "90", "without_depth": "10"}, True, "10% of the pictures without"),
        ({"pictures": "89", "without_depth": "11"}, False, "11% of the pictures without"),
        ({}, False, "no picture came"),
    ],
)
def test_pictures_that_lack_their_depth(facts: dict[str, str], ok: bool, words: str) -> None:
    deep = replace(REAL, cameras={**REAL.cameras, "wrist": replace(REAL.cameras["wrist"], depth=True)})
    checks = camera_checks(with_wrist(facts={**FACTS, **facts}), deep)
    assert (failed(checks) == []) is ok
    assert found(checks, "camera wrist depth") == words
