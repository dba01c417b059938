"""No fault that a robot's emulated controllers know is forgotten."""

import pytest
from faults.live_injections import StationFault
from faults.live_table import live_faults
from faults.robots import ROBOTS

from ros_wam.drivers import DRIVERS
from ros_wam.sim.emulators import emulated_faults
from ros_wam.sim.injection import FROZEN_CAMERA

LEFT_OUT = {"franka": {"silent_servo"}}
"""What no row injects. An FR3 that does not follow stops by a reflex; that one which stays where it is would be seen
there is told by `test_franka.py`. While `baseline` presses buttons, its chunks begin where the arm is and end so near
that sometimes none is half of `tracking_rad` away: the trial has no certain end."""


@pytest.mark.parametrize("robot", ROBOTS)
def test_every_fault_of_the_controllers_is_injected(robot: str) -> None:
    injected = {fault.inject.name for fault in live_faults(robot).values() if isinstance(fault.inject, StationFault)}
    left_out = LEFT_OUT.get(robot, set())
    assert not injected & left_out
    assert injected | left_out == {*emulated_faults(ROBOTS[robot]), FROZEN_CAMERA}


def test_every_driver_has_a_robot_that_faults_are_injected_into() -> None:
    assert {robot.driver for robot in ROBOTS.values()} == set(DRIVERS)
