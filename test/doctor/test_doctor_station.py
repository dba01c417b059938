"""`ros-wam doctor --sim` over the real stack: GO when nothing is wrong, NO-GO and the name of what is."""

import json
import subprocess
import sys
from typing import Any

import pytest

from ros_wam.doctor.defects import DEFECTS

TIMEOUT_S = 90.0
pytestmark = [pytest.mark.ros, pytest.mark.vendor, pytest.mark.slow]

NAMED = {
    "frozen_camera": ("camera wrist frozen", "frozen"),
    "wrong_metadata": ("policy metadata", "server 'ur5e', profile 'ur5'"),
    "server_dead": ("policy server", "cannot be reached"),
    "protective_stop": ("e-stop and safety mode", "protective stop"),
    "disk_full": ("disk", "0 min"),
    "stale_calibration": ("calibration wrist", "of 2020-01-01"),
    "limits_widened": ("limits", "joint1 velocity_rad_s 3.29868 is wider"),
    "clock_off": ("clock of camera wrist", "behind"),
    "silent_servo": ("servos", "gripper"),
    "no_enable": ("enable", "0 %"),
}


def doctor(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Return the exit status and what is printed for the simulated UR5."""
    command = [sys.executable, "-m", "ros_wam.cli.main", "doctor", "--robot", "ur5", "--sim", "--json", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert ended.stdout, ended.stderr
    return ended.returncode, json.loads(ended.stdout)


def expect_no_go(defect: str) -> None:
    status, said = doctor("--inject", defect)
    name, words = NAMED[defect]
    (check,) = [check for check in said["checks"] if check["name"] == name]
    assert (status, said["verdict"]) == (1, "NO-GO")
    assert not check["ok"]
    assert words in check["value"]


def test_a_healthy_station_may_go_and_one_with_a_protective_stop_may_not() -> None:
    status, said = doctor()
    assert [check for check in said["checks"] if not check["ok"]] == []
    assert (status, said["verdict"]) == (0, "GO")
    expect_no_go("protective_stop")


@pytest.mark.faults
@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_named(defect: str) -> None:
    expect_no_go(defect)
