"""The lockstep driver: what it refuses, what it clamps, what it reads."""

from pathlib import Path

import numpy as np
import pytest

from ros_wam.clock import FakeClock
from ros_wam.drivers.sim import SimDriver
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import CommandInvalid, DriverUnreachable
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.world import World
from ros_wam.types import Command

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def robot() -> SimRobot:
    return SimRobot(
        World(load_embodiment(ROOT / "robots/ur5.yaml"), ROOT / "calib/ur5/sim", "move_objects_into_box", 0)
    )


@pytest.fixture
def driver(robot: SimRobot) -> SimDriver:
    robot.place(robot.world.embodiment.home_position)
    driver = SimDriver(robot, FakeClock(5))
    driver.connect()
    return driver


def test_moves_to_what_it_was_sent(robot: SimRobot, driver: SimDriver) -> None:
    target = robot.world.embodiment.home_position + np.array([0.1, 0, 0, 0, 0, 0, -0.5])
    driver.send(Command(5, target))
    robot.step(500)
    state = driver.read()
    assert state.stamp_ns == 5
    np.testing.assert_allclose(state.position, target, atol=2e-3)


def test_stop_stays(robot: SimRobot, driver: SimDriver) -> None:
    driver.send(Command(5, robot.world.embodiment.home_position + np.array([0.5, 0, 0, 0, 0, 0, 0])))
    robot.step(50)
    driver.stop()
    robot.step(500)
    assert driver.read().position[0] < robot.world.embodiment.home_position[0] + 0.25
    np.testing.assert_allclose(driver.read().velocity, 0.0, atol=1e-3)


@pytest.mark.parametrize("joint", range(6))
@pytest.mark.parametrize("value", [np.nan, np.inf, 6.3, -6.3])
def test_refuses_what_is_not_finite_or_outside(driver: SimDriver, robot: SimRobot, joint: int, value: float) -> None:
    position = robot.world.embodiment.home_position.copy()
    position[joint] = value
    with pytest.raises(CommandInvalid, match="finite" if not np.isfinite(value) else f"joint{joint + 1}"):
        driver.send(Command(5, position))


def test_refuses_a_wrong_number_of_joints(driver: SimDriver) -> None:
    with pytest.raises(CommandInvalid, match="7 finite positions"):
        driver.send(Command(5, np.zeros(6)))


def test_clamps_the_gripper_and_returns_what_was_sent(driver: SimDriver, robot: SimRobot) -> None:
    position = robot.world.embodiment.home_position.copy()
    position[-1] = -0.2
    assert driver.send(Command(5, position)).position[-1] == 0.0


def test_closed_driver_is_unreachable(driver: SimDriver, robot: SimRobot) -> None:
    driver.close()
    driver.close()
    with pytest.raises(DriverUnreachable):
        driver.read()
    with pytest.raises(DriverUnreachable):
        driver.send(Command(5, robot.world.embodiment.home_position))
