"""The doctor's rows of this computer."""

from pathlib import Path

import pytest
from doctor_fixtures import failed

from ros_wam.clock import wall_clock_synchronised
from ros_wam.doctor.defects import FULL
from ros_wam.doctor.host_checks import disk_check, free_bytes, realtime_check, wall_clock_check

HOUR_BYTES = 3600 * 1_000_000


@pytest.mark.parametrize(("free", "ok"), [(HOUR_BYTES // 2, True), (HOUR_BYTES // 2 - 10**6, False), (0, False)])
def test_half_an_hour_of_recording_must_be_left(free: int, ok: bool) -> None:
    check = disk_check(Path("runs"), free, 1e6)
    assert check.ok is ok
    assert f"{free // 60_000_000} min" in check.value


def test_a_rate_that_is_not_known_is_no_go() -> None:
    assert not disk_check(Path("runs"), HOUR_BYTES, 0.0).ok


def test_free_space_is_that_of_the_first_folder_that_exists(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") == pytest.approx(free_bytes(tmp_path), rel=0.5)
    assert free_bytes(tmp_path) > 0


def test_a_full_disk_is_seen() -> None:
    assert free_bytes(FULL) == 0


@pytest.mark.parametrize(
    ("granted", "sim", "ok"),
    [
        ("SCHED_FIFO 60, memory locked", False, True),
        ("no SCHED_FIFO (rtprio is not permitted), memory locked", False, False),
        ("no SCHED_FIFO (rtprio is not permitted), memory locked", True, True),
        ("", False, False),
    ],
)
def test_a_real_robot_needs_a_real_time_priority(granted: str, sim: bool, ok: bool) -> None:
    assert realtime_check(granted, sim).ok is ok


@pytest.mark.parametrize(
    ("synchronised", "sim", "ok"),
    [(True, False, True), (False, False, False), (None, False, True), (False, True, True)],
)
def test_the_wall_clock(synchronised: bool | None, sim: bool, ok: bool) -> None:
    assert failed([wall_clock_check(synchronised, sim)]) == ([] if ok else ["wall clock"])


def test_the_kernel_is_asked() -> None:
    assert wall_clock_synchronised() in (True, False, None)
