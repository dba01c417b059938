"""All checks of one station, in the order in which a person would look."""

from datetime import date
from pathlib import Path

from ros_wam.calibration import load_view
from ros_wam.doctor.calibration_check import calibration_checks
from ros_wam.doctor.camera_checks import camera_checks, clock_checks, slow_views
from ros_wam.doctor.check import Check
from ros_wam.doctor.host_checks import Disk, disk_check, realtime_check, wall_clock_check
from ros_wam.doctor.limits_check import limits_check
from ros_wam.doctor.measured import Measured
from ros_wam.doctor.policy_checks import policy_checks
from ros_wam.doctor.robot_checks import facts, robot_checks
from ros_wam.doctor.versions import version_checks
from ros_wam.errors import ConfigError
from ros_wam.run_config import RunConfig


def diagnose(measured: Measured, config: RunConfig, disk: Disk, today: date, synchronised: bool | None) -> list[Check]:
    """Return every check; `disk` is where sittings are recorded, `synchronised` is the wall clock.

    Raises ConfigError for a file of robot, station or policy that cannot be read; a view's is a row.
    """
    embodiment, station, sim = config.embodiment(), config.station(), config.sim
    calibrated = {view: _calibrated(config.calibration, view) for view in embodiment.views}
    return [
        *version_checks(embodiment.driver, facts(measured)),
        limits_check(embodiment, config.robot),
        *robot_checks(measured, embodiment, station.robot),
        *camera_checks(measured, station),
        *calibration_checks(calibrated, today, sim),
        *clock_checks(measured),
        wall_clock_check(synchronised, sim),
        *(policy_checks(measured.policy, config.profile()) if config.policy is not None else []),
        disk_check(disk, measured.bytes_per_s, slow_views(measured, station)),
        realtime_check(measured.status.get("realtime", ""), sim),
    ]


def _calibrated(folder: Path, view: str) -> date | ConfigError | None:
    try:
        return load_view(folder, view).calibrated
    except ConfigError as error:
        return error
