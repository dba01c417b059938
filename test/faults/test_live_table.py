"""No fault that a robot's emulated controllers know is forgotten."""

import pytest
from faults.live_injections import StationFault
from faults.live_table import live_faults
from faults.robots import ROBOTS

from ros_wam.drivers import DRIVERS
from ros_wam.sim.emulators import emulated_faults
from ros_wam.sim.injection import FROZEN_CAMERA


@pytest.mark.parametrize("robot", ROBOTS)
def test_every_fault_of_the_controllers_is_injected(robot: str) -> None:
    injected = {fault.inject.name for fault in live_faults(robot).values() if isinstance(fault.inject, StationFault)}
    assert injected == {*emulated_faults(ROBOTS[robot]), FROZEN_CAMERA}


def test_every_driver_has_a_robot_that_faults_are_injected_into() -> None:
    assert {robot.driver for robot in ROBOTS.values()} == set(DRIVERS)
