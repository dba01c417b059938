"""Experts: they do the simulated tasks from the simulator's own state, as a hand on a leader. No policy sees them."""

from collections.abc import Callable, Iterator

from ros_wam import share
from ros_wam.errors import ConfigError, SimError
from ros_wam.sim.expert.noise import Noise
from ros_wam.sim.expert.pressing import pressing
from ros_wam.sim.expert.stacking import stacking
from ros_wam.sim.expert.switching import switching
from ros_wam.sim.expert.tidying import tidying
from ros_wam.sim.expert.truth import Truth
from ros_wam.sim.expert.waypoint import Waypoint
from ros_wam.task import load_task

Script = Callable[[Truth, Noise], Iterator[Waypoint]]
"""Yields waypoint after waypoint; each is decided when the hand sets off for it."""

SCRIPTS: dict[str, Script] = {
    "move_objects_into_box": tidying,
    "press_three_buttons": pressing,
    "stack_bowls": stacking,
    "turn_on_light_switch": switching,
}


def script_for(task: str) -> Script:
    """Return the script of the task `task`; raises SimError that lists the tasks there are."""
    if task not in SCRIPTS:
        raise SimError(f"no scripted expert does the task {task!r}; there are some for: {', '.join(sorted(SCRIPTS))}")
    return SCRIPTS[task]


def task_of(robot: str) -> str:
    """Return the first task that is demonstrated on the robot of this name; raises ConfigError when none is."""
    for task in SCRIPTS:
        if robot in load_task(share.find("config/tasks", task)).robots:
            return task
    raise ConfigError(f"no scripted expert does a task with {robot}; the tasks are: {', '.join(sorted(SCRIPTS))}")
