"""Tasks of the simulated station, one file each, named as in `config/tasks`."""

from ros_wam.errors import SimError
from ros_wam.sim.tasks.move_objects_into_box import MoveObjectsIntoBox
from ros_wam.sim.tasks.press_three_buttons import PressThreeButtons
from ros_wam.sim.tasks.sim_task import SimTask
from ros_wam.sim.tasks.stack_bowls import StackBowls
from ros_wam.sim.tasks.turn_on_light_switch import TurnOnLightSwitch

SIM_TASKS: dict[str, type[SimTask]] = {
    task.name: task for task in (MoveObjectsIntoBox, PressThreeButtons, StackBowls, TurnOnLightSwitch)
}


def sim_task(name: str) -> SimTask:
    """Return the simulator's side of the task `name`; raises SimError that lists the tasks there are."""
    if name not in SIM_TASKS:
        raise SimError(f"task {name!r} cannot be simulated; there are: {', '.join(sorted(SIM_TASKS))}")
    return SIM_TASKS[name]()
