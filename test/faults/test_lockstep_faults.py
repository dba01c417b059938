"""Policy, camera, timing and operator faults, one trial each, in one sitting under a virtual clock."""

from collections.abc import Callable, Iterator

import pytest
from faults.judge import judge
from faults.lockstep_table import LOCKSTEP
from faults.lockstep_world import LockstepWorld

pytestmark = [pytest.mark.slow, pytest.mark.virtual]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockstepWorld]:
    world = LockstepWorld(tmp_path_factory.mktemp("lockstep"))
    yield world
    world.close()


@pytest.mark.parametrize("name", LOCKSTEP)
def test_fault(world: LockstepWorld, note: Callable[[str, float | None], None], name: str) -> None:
    note(name, judge(LOCKSTEP[name], world.run(LOCKSTEP[name])))
