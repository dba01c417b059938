"""The doctor's rows of this computer."""

import ctypes
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from doctor_fixtures import failed

from ros_wam.clock import wall_clock_synchronised
from ros_wam.doctor.defects import FULL
from ros_wam.doctor.host_checks import Disk, disk_check, look_at_disk, realtime_check, wall_clock_check

HOUR_BYTES = 3600 * 1_000_000


@pytest.mark.parametrize(("free", "ok"), [(HOUR_BYTES // 2, True), (HOUR_BYTES // 2 - 10**6, False), (0, False)])
def test_half_an_hour_of_recording_must_be_left(free: int, ok: bool) -> None:
    check = disk_check(Disk(Path("runs"), free), 1e6, [])
    assert check.ok is ok
    assert f"{free // 60_000_000} min" in check.value


def test_a_rate_that_is_not_known_is_no_go() -> None:
    assert not disk_check(Disk(Path("runs"), HOUR_BYTES), 0.0, []).ok
    check = disk_check(Disk(Path("runs"), HOUR_BYTES), 1e6, ["wrist"])
    assert (check.ok, check.value) == (False, "not known: too few pictures of wrist")
    assert disk_check(Disk(Path("runs"), 0), 1e6, ["wrist"]).value.startswith("0 min")


def test_free_space_is_that_of_the_first_folder_that_exists(tmp_path: Path) -> None:
    there, later = look_at_disk(tmp_path), look_at_disk(tmp_path / "not" / "yet")
    assert later.free_bytes == pytest.approx(there.free_bytes, rel=0.5)
    assert there.free_bytes > 0
    assert (there.trouble, later.trouble) == ("", "")


@pytest.mark.parametrize("name", ["file", "file/runs"])
def test_a_file_is_no_place_to_record_to(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    disk = look_at_disk(tmp_path / name)
    assert disk.trouble == f"{tmp_path / 'file'} is no folder"
    assert not disk_check(disk, 1.0, []).ok


def test_nor_is_a_folder_that_must_not_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert look_at_disk(tmp_path / "runs").trouble == f"{tmp_path} must not be written to"
    told = os.statvfs(tmp_path)
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result([*told[:8], os.ST_RDONLY, *told[9:]]))
    check = disk_check(look_at_disk(tmp_path), 1.0, [])
    assert not check.ok
    assert check.value.startswith(f"{tmp_path} is read-only; ")


def test_a_full_disk_is_seen() -> None:
    assert look_at_disk(FULL).free_bytes == 0


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


def test_a_wall_clock_that_nothing_is_told_of_does_not_read_like_one_that_is_right() -> None:
    check = wall_clock_check(None, sim=False)
    assert (check.value, check.limit) == ("not told", "any: not told by this computer")


@pytest.mark.parametrize(("state", "synchronised"), [(0, True), (1, True), (5, False), (-1, None)])
def test_the_kernel_is_asked(state: int, synchronised: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """States as adjtimex(2) has them: 5 is TIME_ERROR, nothing keeps the clock; it fails where it is forbidden."""
    monkeypatch.setattr(ctypes, "CDLL", lambda library: SimpleNamespace(adjtimex=lambda timex: state))
    assert wall_clock_synchronised() is synchronised
