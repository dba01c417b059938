"""The lockstep driver keeps what every driver keeps."""

from pathlib import Path

import numpy as np
import pytest

from conformance import DriverConformance, DriverRig
from ros_wam.clock import FakeClock
from ros_wam.drivers.sim import SimDriver
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import DriverUnreachable
from ros_wam.sim.robot import SimRobot
from ros_wam.sim.world import STEP_NS, World
from ros_wam.types import Command

ROOT = Path(__file__).parents[1]


class Noted(SimRobot):
    """A simulated robot that notes its targets."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.targets: list[np.ndarray] = []

    def set_target(self, position: np.ndarray) -> None:
        super().set_target(position)
        self.targets.append(position[~self.world.embodiment.is_gripper])


@pytest.fixture(scope="module", params=["ur5", "ur5e"])
def world(request: pytest.FixtureRequest) -> World:
    robot, task = request.param, "move_objects_into_box"
    return World(load_embodiment(ROOT / f"robots/{robot}.yaml"), ROOT / f"calib/{robot}/sim", task, 0)


@pytest.fixture
def rig(world: World) -> DriverRig:
    robot, clock = Noted(world), FakeClock(5)
    robot.place(world.embodiment.home_position)
    steps = round(world.embodiment.period_s * 1e9 / STEP_NS)

    def step() -> None:
        robot.step(steps)
        clock.advance_ns(steps * STEP_NS)

    return DriverRig(SimDriver(robot, clock), world.embodiment, clock, step, lambda: np.array(robot.targets))


class TestSimDriver(DriverConformance):
    """What every driver keeps; this one has no link, and nothing that stops it by itself."""

    losses = ()
    stops = ()


def test_nothing_works_before_it_is_connected(rig: DriverRig) -> None:
    with pytest.raises(DriverUnreachable):
        rig.driver.read()
    with pytest.raises(DriverUnreachable):
        rig.driver.send(Command(5, rig.embodiment.home_position))


def test_nothing_needs_recovery(rig: DriverRig) -> None:
    rig.driver.connect()
    rig.driver.recover()
    assert rig.driver.read().stamp_ns == rig.clock.now_ns()
