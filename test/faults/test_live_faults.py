"""Controller, process, operator and recorder faults, one trial each, in one sitting of the whole stack in real time."""

from collections.abc import Callable, Iterator

import pytest
from faults.judge import judge
from faults.live_table import LIVE
from faults.live_world import LiveWorld

pytestmark = [pytest.mark.slow, pytest.mark.ros, pytest.mark.vendor]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWorld]:
    world = LiveWorld(tmp_path_factory.mktemp("live"))
    yield world
    world.close()


@pytest.mark.parametrize("name", LIVE)
def test_fault(world: LiveWorld, note: Callable[[str, float | None], None], name: str) -> None:
    note(name, judge(LIVE[name], world.run(LIVE[name])))
