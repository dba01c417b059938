"""All checks of a station together."""

import json
import shutil
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from doctor_fixtures import HEALTHY, ROOT, failed, found

from ros_wam.config import build
from ros_wam.doctor.check import Check
from ros_wam.doctor.diagnosis import diagnose
from ros_wam.doctor.host_checks import Disk
from ros_wam.doctor.measured import Measured, Stream
from ros_wam.run_config import RunConfig

CALIBRATION = ROOT / "calib" / "ur5" / "sim"


def rows(measured: Measured, policy: bool = True, sim: bool = True, calibration: Path = CALIBRATION) -> list[Check]:
    config = RunConfig(
        robot=ROOT / "robots" / "ur5.yaml",
        calibration=calibration,
        sim=sim,
        run_dir=Path("/nowhere"),
        policy=ROOT / "config" / "policies" / "baseline.yaml" if policy else None,
    )
    return diagnose(measured, config, Disk(Path("runs"), 10**12), date(2026, 11, 21), True)


def test_a_healthy_station_fails_nothing() -> None:
    assert failed(rows(HEALTHY)) == []


def test_names_are_different() -> None:
    names = [check.name for check in rows(HEALTHY)]
    assert len(set(names)) == len(names)


def test_without_a_policy_no_server_is_missed() -> None:
    names = [check.name for check in rows(replace(HEALTHY, policy=None), policy=False)]
    assert not [name for name in names if name.startswith("policy")]


def test_a_real_station_is_asked_for_more() -> None:
    without_priority = replace(HEALTHY, status={**HEALTHY.status, "realtime": "no SCHED_FIFO"})
    assert failed(rows(without_priority)) == []
    assert failed(rows(without_priority, sim=False)) == ["calibration wrist", "calibration global", "real time"]


def test_a_view_whose_calibration_cannot_be_read_has_a_row_beside_all_others(tmp_path: Path) -> None:
    calibration = shutil.copytree(CALIBRATION, tmp_path / "sim")
    (calibration / "global.yaml").unlink()
    (calibration / "wrist.yaml").write_text("width: 0")
    checks = rows(HEALTHY, calibration=calibration)
    assert failed(checks) == ["calibration wrist", "calibration global"]
    assert str(calibration / "global.yaml") in found(checks, "calibration global")
    assert [check.name for check in checks] == [check.name for check in rows(HEALTHY)]


def test_what_was_measured_travels_as_plain_data() -> None:
    measured = replace(HEALTHY, views={"wrist": Stream(29.9, None, ("no device",), spoke=True)})
    data = json.loads(json.dumps(asdict(measured)))
    assert build(data, Measured, "measured") == measured
