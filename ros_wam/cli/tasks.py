"""`ros-wam tasks`: which tasks there are, and what one asks of robot, operator and scene."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ros_wam import share
from ros_wam.errors import ConfigError
from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.task import Task, load_task, task_files
from ros_wam.task_check import task_defects

EXAMPLE = "example: ros-wam tasks --robot ur5, or: ros-wam tasks put_cup_on_coaster"
WIDE, LEFT_OF_PROMPT = 110, 76


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("tasks", help="list the tasks, or show one", description=__doc__, epilog=EXAMPLE)
    parser.add_argument("task", nargs="?", metavar="NAME|FILE", help="show this one: stages, points, how to lay it out")
    parser.add_argument("--robot", metavar="NAME", help="only those that suit this robot")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each task, in a list")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List or show; 1 where a file of them is defective, which is named."""
    paths = [share.find("config/tasks", args.task)] if args.task else task_files()
    found = {path: load_task(path) for path in paths}
    if args.robot is not None:
        found = _suiting(found, Path(args.robot).stem)
    console = Console()
    if args.json:
        print(json.dumps([_json(task) for task in found.values()], indent=1))
    elif args.task:
        _show(next(iter(found.values())), console)
    else:
        console.print(_table(list(found.values()), console.width))
        simulated = sum(task.name in SIM_TASKS for task in found.values())
        count = f"{len(found)} task{'s' * (len(found) != 1)}"
        console.print(f"{count}, {simulated} of them simulated; ros-wam tasks NAME shows one", highlight=False)
    defects = [(path, defect) for path, task in found.items() for defect in task_defects(task, path)]
    for path, defect in defects:
        console.print(f"{path}: {defect}", style="red", highlight=False, soft_wrap=True)
    return int(bool(defects))


def _suiting(found: dict[Path, Task], robot: str) -> dict[Path, Task]:
    suited = {path: task for path, task in found.items() if robot in task.robots}
    if not suited:
        robots = sorted({name for task in found.values() for name in task.robots})
        raise ConfigError(f"no task suits {robot!r}; there are tasks for: {', '.join(robots)}")
    return suited


def _table(tasks: list[Task], width: int) -> Table:
    """Return one line for each task; a terminal that is not `width` columns wide enough for prompts has none."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("task", "robots", "stages", "limit", "rubric", "sim"):
        table.add_column(name, no_wrap=True)
    if width >= WIDE:
        table.add_column("prompt", no_wrap=True)
    for task in tasks:
        prompt = Text(task.prompt)
        prompt.truncate(width - LEFT_OF_PROMPT, overflow="ellipsis")
        table.add_row(*_row(task), *([prompt] if width >= WIDE else ()))
    return table


def _row(task: Task) -> tuple[str, ...]:
    simulated = "yes" if task.name in SIM_TASKS else ""
    robots, stages, limit = " ".join(task.robots), str(len(task.stages)), f"{task.time_limit_s:g} s"
    return task.name, robots, stages, limit, task.rubric, simulated


def _show(task: Task, console: Console) -> None:
    console.print(Text(task.name, style="bold"), Text(f"“{task.prompt}”"))
    simulated = ", simulated" if task.name in SIM_TASKS else ""
    console.print(f"robots {', '.join(task.robots)}; views {', '.join(task.views)}{simulated}", highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("stage")
    table.add_column("points", justify="right")
    for stage in task.stages:
        table.add_row(stage.name if stage.required else f"{stage.name} (not needed for success)", f"{stage.points:g}")
    console.print(table)
    whose = "the benchmark's own" if task.rubric == "official" else "ours"
    console.print(
        f"limit {task.time_limit_s:g} s; rubric {whose}; a retry within a stage costs {task.retry_penalty:g} points, "
        "and none is ever worth less than 0",
        highlight=False,
    )
    console.print("How to lay it out:" if task.reset else "", highlight=False)
    for number, step in enumerate(task.reset, 1):
        console.print(Text(f"  {number}. {step}"))


def _json(task: Task) -> dict[str, Any]:
    return {**asdict(task), "simulated": task.name in SIM_TASKS}
