"""Policy, camera, timing, contact and operator faults, one trial each: a sitting per robot under a virtual clock."""

from collections.abc import Callable, Iterator

import pytest
from faults.judge import judge
from faults.lockstep_table import lockstep_faults
from faults.lockstep_world import LockstepWorld
from faults.robots import ROBOTS, cases

pytestmark = [pytest.mark.slow, pytest.mark.virtual]
FAULTS = {name: lockstep_faults(robot) for name, robot in ROBOTS.items()}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, robot: str) -> Iterator[LockstepWorld]:
    world = LockstepWorld(tmp_path_factory.mktemp("lockstep"), robot)
    yield world
    world.close()


@pytest.mark.parametrize(
    ("robot", "name"), [case for robot in ROBOTS for case in cases(robot, FAULTS[robot])], scope="module"
)
def test_fault(world: LockstepWorld, note: Callable[[str, float | None], None], robot: str, name: str) -> None:
    fault = FAULTS[robot][name]
    note(f"{robot}/{name}", judge(fault, world.run(fault)))
