"""Controller, process, operator and recorder faults, one trial each, in a sitting per robot of the whole stack."""

from collections.abc import Callable, Iterator

import pytest
from faults.judge import judge
from faults.live_table import live_faults
from faults.live_world import LiveWorld
from faults.robots import ROBOTS, cases

LEFT_TO_MAKE_FAULTS = (
    *("killed", "camera stuck", "connection refused", "enable publisher hangs", "servo stands still"),
    *("controller slow", "gripper silent", "program stopped", "leader lost", "connection closed"),
    *("driver hang", "protective stop"),
)
"""Each takes ten seconds and more: a run of all tests may not take for ever."""
pytestmark = [pytest.mark.slow, pytest.mark.ros, pytest.mark.vendor]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, robot: str) -> Iterator[LiveWorld]:
    world = LiveWorld(tmp_path_factory.mktemp("live"), robot)
    yield world
    world.close()


@pytest.mark.parametrize(
    ("robot", "name"),
    [case for robot in ROBOTS for case in cases(robot, live_faults(robot), LEFT_TO_MAKE_FAULTS)],
    scope="module",
)
def test_fault(world: LiveWorld, note: Callable[[str, float | None], None], robot: str, name: str) -> None:
    fault = live_faults(robot)[name]
    note(f"{robot}/{name}", judge(fault, world.run(fault)))
