"""Whether a task file fits the robots there are, and the benchmark's ten points."""

import math
from pathlib import Path

from ros_wam import share
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.task import Task

MAX_POINTS = 10.0
"""What a rollout of RoboChallenge's Table30 is worth."""


def task_defects(task: Task, path: Path) -> list[str]:
    """Return what is wrong with `task`, read from `path`, in words: its name, points, robots and views."""
    defects = []
    if task.name != path.stem:
        defects.append(f"its name is {task.name}, that of its file {path.stem}")
    if not math.isclose(task.max_points, MAX_POINTS):
        defects.append(f"its stages are worth {task.max_points:g} points, must be {MAX_POINTS:g}")
    for robot in task.robots:
        try:
            views = load_embodiment(share.find("robots", robot)).views
        except ConfigError as error:
            defects.append(str(error))
            continue
        missing = [view for view in task.views if view not in views]
        if missing:
            defects.append(f"{robot} has no view {', '.join(missing)}; it has: {', '.join(views)}")
    return defects
