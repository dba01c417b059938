"""A press on the table, felt by the real ur_rtde: simulated physics behind the emulated controllers, in real time."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from driver_process import DriverProcess
from emulated_ur import EmulatedUr
from loopback import own_address

from ros_wam.clock import StationClock
from ros_wam.drivers.driver import Driver
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import StateStale
from ros_wam.kinematics import Kinematics
from ros_wam.types import Command, FloatArray, JointState

pytest.importorskip("rtde_control")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

ROBOTS = Path(__file__).parents[1] / "robots"
GENERATIONS = {"ur5": "cb3", "ur5e": "e_series"}
DOWN_S = 1.5


@pytest.fixture(params=["ur5", pytest.param("ur5e", marks=pytest.mark.thorough)])
def embodiment(request: pytest.FixtureRequest) -> Embodiment:
    return load_embodiment(ROBOTS / f"{request.param}.yaml")


@pytest.fixture
def driver(embodiment: Embodiment) -> Iterator[Driver]:
    controller = EmulatedUr(own_address(), GENERATIONS[embodiment.name], robot=embodiment.name)
    opened = DriverProcess(ROBOTS / f"{embodiment.name}.yaml", {"address": controller.address})
    opened.connect()
    yield opened
    opened.end()
    controller.close()


def go(driver: Driver, embodiment: Embodiment, way: FloatArray) -> list[JointState]:
    """Send a way `(ticks, n)` at the robot's rate; return what was measured meanwhile."""
    clock, measured = StationClock(), []
    for position in way:
        clock.sleep_until_ns(clock.now_ns() + round(embodiment.period_s * 1e9))
        with contextlib.suppress(StateStale):  # a busy machine
            measured.append(driver.read())
        driver.send(Command(clock.now_ns(), position))
    return measured


def test_a_press_on_the_table_is_felt_and_its_end_too(embodiment: Embodiment, driver: Driver) -> None:
    kinematics, home = Kinematics(embodiment), embodiment.home_position
    pose = kinematics.tool_pose(home)
    pose[:3, 3] += [0.05, 0.30, 0.011 - pose[2, 3]]  # the fingers' tips 1 mm below the table's top, beside the things
    pressed = kinematics.solve(pose, home)
    share = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, round(DOWN_S * embodiment.control_rate_hz)))[:, None]
    down = home + share * (pressed - home)
    down[:, -1] = 0.0
    free = go(driver, embodiment, down[: len(down) // 2])
    assert max(state.tool_force_n[0] for state in free) == 0.0
    felt = go(driver, embodiment, np.concatenate([down[len(down) // 2 :], np.repeat(down[-1:], len(down) // 4, 0)]))
    assert felt[-1].tool_force_n.shape == (1,)
    assert felt[-1].tool_force_n[0] > 20.0
    released = go(driver, embodiment, np.concatenate([down[::-1], np.repeat(down[:1], len(down) // 8, 0)]))
    assert released[-1].tool_force_n[0] == pytest.approx(0.0, abs=1e-3)
