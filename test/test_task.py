"""Task files: what they must say."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from ros_wam.errors import ConfigError
from ros_wam.task import Task, TaskStage, load_task

ROOT = Path(__file__).parents[1]
TASK = Task("stack", "stack the cubes", ("ur5",), 30.0, (TaskStage("grasped", 1.0), TaskStage("stacked", 2.0)))


@pytest.mark.parametrize("path", sorted((ROOT / "config/tasks").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_tasks_of_the_package_are_valid_and_named_as_their_files(path: Path) -> None:
    assert load_task(path).name == path.stem


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_limit_and_points_are_finite_and_above_0(value: float) -> None:
    with pytest.raises(ConfigError, match=f"task stack: time_limit_s is {value}, must be finite and above 0"):
        dataclasses.replace(TASK, time_limit_s=value)
    with pytest.raises(ConfigError, match=f"task stack: points of grasped is {value}, must be finite and above 0"):
        dataclasses.replace(TASK, stages=(TaskStage("grasped", value),))


@pytest.mark.parametrize("stages", [(), (TaskStage("grasped", 1.0), TaskStage("grasped", 2.0))], ids=["none", "twice"])
def test_stages_have_different_names_and_there_is_one(stages: Any) -> None:
    with pytest.raises(ConfigError, match="stages must have different names and at least one"):
        dataclasses.replace(TASK, stages=stages)
