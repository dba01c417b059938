"""The robots that faults are injected into. One of them is part of every run of the tests, `make faults` takes all."""

from collections.abc import Collection, Iterable

import pytest
from sim_run import TASKS

from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.share import share_dir

TRIED_ALWAYS = "ur5"
ROBOTS: dict[str, Embodiment] = {name: load_embodiment(share_dir() / f"robots/{name}.yaml") for name in TASKS}


def cases(robot: str, names: Iterable[str], left_out: Collection[str] = ()) -> list[object]:
    """Return the test's parameters for the faults `names` of `robot`; those `left_out` are for `make faults` too."""
    tried = {name: robot == TRIED_ALWAYS and not any(word in name for word in left_out) for name in names}
    return [
        pytest.param(robot, name, marks=[] if always else [pytest.mark.faults], id=f"{robot}-{name}")
        for name, always in tried.items()
    ]
