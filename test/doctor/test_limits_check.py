"""The doctor's row of limits."""

from dataclasses import replace
from pathlib import Path

import pytest
from doctor_fixtures import ROOT

from ros_wam.doctor.limits_check import limits_check
from ros_wam.embodiment import load_embodiment

ROBOTS = sorted((ROOT / "robots").glob("*.yaml"))
UR5 = ROOT / "robots" / "ur5.yaml"


@pytest.mark.parametrize("path", ROBOTS, ids=lambda path: path.stem)
def test_the_robots_that_ship_are_within_their_vendors_limits(path: Path) -> None:
    assert limits_check(load_embodiment(path), path).ok


def test_a_limit_that_is_wider_is_named() -> None:
    robot = load_embodiment(UR5)
    joints = {**robot.joints, "joint3": replace(robot.joints["joint3"], velocity_rad_s=3.3)}
    check = limits_check(replace(robot, joints=joints), UR5)
    assert not check.ok
    assert check.value.startswith("joint3 velocity_rad_s 3.3 is wider than the vendor's 3.1416")


def test_limits_that_nobody_has_written_down_are_no_reason_to_go() -> None:
    check = limits_check(replace(load_embodiment(UR5), name="fifth"), UR5)
    assert not check.ok
    assert "no vendor's limits of 'fifth'" in check.value
