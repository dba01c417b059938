"""`ros-wam doctor`: go or no-go before a sitting. Starts the robot's station, listens, moves nothing, and says why not.

Exits with 0 for GO, 1 for NO-GO, 2 where the station cannot be examined at all.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ros_wam import share
from ros_wam.bringup import Run, bringup, clear
from ros_wam.cli.station_options import add_station_options
from ros_wam.clock import StationClock, station_offset_ns, wall_clock_synchronised
from ros_wam.config import build
from ros_wam.doctor.check import GO, Check, as_json, verdict
from ros_wam.doctor.defects import DEFECTS, Defect
from ros_wam.doctor.diagnosis import diagnose
from ros_wam.doctor.examination import Phase
from ros_wam.doctor.host_checks import look_at_disk
from ros_wam.doctor.measured import Measured
from ros_wam.errors import ConfigError, RosWamError
from ros_wam.lines import PipeLines
from ros_wam.request import Request
from ros_wam.sim.link import SimLink
from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.supervisor import Supervisor
from ros_wam.task import task_for

EXAMPLE = "example: ros-wam doctor --robot ur5 --sim --json"
PARTS = ("sim", "server", "cameras", "robot", "doctor")
SIM_POLICY = "baseline"
POLL_S = 0.2
USAGE = 2
Show = Callable[[str], None]


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="go or no-go before a sitting", description=__doc__, epilog=EXAMPLE)
    add_station_options(parser)
    parser.add_argument(
        "--task", metavar="NAME|FILE", help="whose prompt and scene (the first in config/tasks that suits the robot)"
    )
    parser.add_argument(
        "--policy", metavar="NAME|FILE", help=f"also ask this policy's server (with --sim: {SIM_POLICY} unless given)"
    )
    parser.add_argument(
        "--record-dir", type=Path, default=Path("runs"), metavar="DIR", help="where sittings will go (runs)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, and progress on stderr")
    parser.add_argument("--inject", choices=DEFECTS, metavar="NAME", help=f"with --sim: one of {', '.join(DEFECTS)}")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Examine the station; 0 for GO."""
    progress = Console(stderr=args.json)
    try:
        with tempfile.TemporaryDirectory() as scratch, progress.status("starting the station") as status:

            def show(text: str) -> None:
                status.update(text)
                if not progress.is_terminal:
                    progress.print(text, markup=False, highlight=False, soft_wrap=True)

            checks = examine(args, Path(scratch), show)
    except RosWamError as error:
        print(f"ros-wam: {error}", file=sys.stderr)
        return USAGE
    if args.json:
        print(json.dumps(as_json(checks), indent=1))
    else:
        progress.print(table(checks))
        progress.print(Text(verdict(checks), style="bold green" if verdict(checks) == GO else "bold red"))
    return 0 if verdict(checks) == GO else 1


def examine(args: argparse.Namespace, scratch: Path, show: Show) -> list[Check]:
    """Start the station with the defect that was asked for, measure it and return the checks; raises ConfigError."""
    if args.inject is not None and not args.sim:
        raise ConfigError("--inject needs --sim: it breaks a simulated station only")
    defect = Defect() if args.inject is None else DEFECTS[args.inject]
    robot = share.find("robots", args.robot)
    fault = defect.fault(robot)
    request = Request(
        robot=str(defect.spoiled(robot, scratch)),
        policy=args.policy or (SIM_POLICY if args.sim else None),
        task=task_of(robot, args.task, args.sim),
        sim=args.sim,
    )
    record_dir = defect.record_dir or args.record_dir
    disk = look_at_disk(record_dir)
    stack = bringup(request, PARTS)
    try:
        told = measure(stack if defect.rewire is None else defect.rewire(stack), fault, show)
        if isinstance(told, Check):
            return [told]
        today = datetime.fromtimestamp(StationClock(station_offset_ns()).now_ns() * 1e-9, tz=timezone.utc).date()
        return diagnose(told, stack.config, disk, today, wall_clock_synchronised())
    finally:
        clear(stack)


def task_of(robot: Path, named: str | None, sim: bool) -> str | None:
    """Return the task that was named, or the first that suits the robot; raises ConfigError.

    Its prompt is asked with, and its scene is what is simulated.
    """
    task = None if named is not None else task_for(robot.stem, SIM_TASKS)
    if named is None and task is None and sim:
        raise ConfigError(f"no task in config/tasks suits {robot.stem}: name one by --task")
    return named if task is None else str(task)


def measure(stack: Run, fault: str | None, show: Show) -> Measured | Check:
    """Run the station until it is measured; a Check that fails where a process of it ended before."""
    with Supervisor(stack, stack.config.run_dir / "logs") as supervisor:
        assert supervisor.output is not None
        lines = PipeLines(supervisor.output)
        ended = None
        while ended is None:
            ended = supervisor.ended()  # before the pipe is emptied: what was said before an end is in it by now
            for line in lines.come(0.0 if ended else POLL_S):
                event = json.loads(line)
                if "measured" in event:
                    return _with_last_words(build(event["measured"], Measured, "measured"), supervisor)
                _follow(event, stack, fault, show)
        words = supervisor.last_words(ended.name) or "without a word"
        return Check("processes", False, f"{ended.name} ended: {words}", "all run")


def _with_last_words(measured: Measured, supervisor: Supervisor) -> Measured:
    """Let the log speak for each camera whose node did not: that may have ended before it could."""
    views = dict(measured.views)
    for view, stream in views.items():
        words = "" if stream.spoke else supervisor.last_words(f"camera_node_{view}")
        if words:
            views[view] = replace(stream, troubles=(*stream.troubles, f"the last words of its node: {words}"))
    return replace(measured, views=views)


def _follow(event: Mapping[str, Any], stack: Run, fault: str | None, show: Show) -> None:
    """Show the progress, and begin the fault before measuring begins."""
    show(event["progress"])
    if fault is not None and event["phase"] == Phase.SETTLING.name:
        SimLink(stack.config.sim_socket).inject(fault)


def table(checks: Sequence[Check]) -> Table:
    """Return the checks as a table, what fails in red."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column in ("", "check", "found", "must be"):
        table.add_column(column, overflow="fold")
    for check in checks:
        style = "" if check.ok else "bold red"
        cells = ("ok" if check.ok else "NO", check.name, check.value, check.limit)
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table
