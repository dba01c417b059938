"""The robots that faults are injected into. One of them is part of every run of the tests, `make faults` takes all."""

import pytest
from sim_run import TASKS

from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.share import share_dir

TRIED_ALWAYS = "ur5"
ROBOTS: dict[str, Embodiment] = {name: load_embodiment(share_dir() / f"robots/{name}.yaml") for name in TASKS}


def cases(robot: str, names: dict[str, object]) -> list[object]:
    """Return the test's parameters for the faults `names` of `robot`, marked as they have to be."""
    marks = [] if robot == TRIED_ALWAYS else [pytest.mark.faults]
    return [pytest.param(robot, name, marks=marks, id=f"{robot}-{name}") for name in names]
