"""`ros-wam teleop`: record demonstrations, by teleoperation or of a scripted expert, on a robot or a simulated station.

Keys of this terminal are the operator's, whatever the device; what each does is shown while it runs.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from ros_wam import share
from ros_wam.bringup import EVERYTHING, bringup, clear
from ros_wam.calibration import load_station
from ros_wam.cli.eval import finish
from ros_wam.cli.key_terminal import is_terminal
from ros_wam.cli.progress import Progress
from ros_wam.cli.station_options import add_operator_options, add_station_options, whole
from ros_wam.cli.supervised import supervise
from ros_wam.cli.teleop_view import TeleopView
from ros_wam.errors import ConfigError
from ros_wam.request import Request
from ros_wam.sim.tasks import SIM_TASKS
from ros_wam.task import task_for
from ros_wam.teleop.key_map import key_help

EXAMPLE = "example: ros-wam teleop --robot ur5 --sim --device keyboard --task move_objects_into_box --episodes 5"
SCRIPTED = "scripted"


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "teleop",
        help="record demonstrations",
        description=__doc__,
        epilog=f"{EXAMPLE}\n\n{_keys_help()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_station_options(parser)
    parser.add_argument(
        "--task",
        metavar="NAME|FILE",
        help="a name in config/tasks/, or a file (with --sim: the first that suits, or that the expert knows)",
    )
    parser.add_argument(
        "--device",
        required=True,
        metavar="NAME",
        help="a leader of the station file, keyboard, a .py file that drives a device, or scripted",
    )
    parser.add_argument("--episodes", type=whole(1), default=1, metavar="N", help="how many demonstrations (default 1)")
    parser.add_argument("--seed", type=whole(0), default=0, metavar="N", help="seed of the scenes (default 0)")
    parser.add_argument("--record-dir", type=Path, default=Path("runs"), metavar="DIR", help="where sittings go (runs)")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted sitting")
    parser.add_argument(
        "--lockstep", action="store_true", help="with --sim --device scripted: one process, virtual time, deterministic"
    )
    add_operator_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Record the demonstrations; 0 when at least one counts."""
    _check(args)
    request = Request(
        robot=args.robot,
        task=_task(args),
        sim=args.sim,
        trials=args.episodes,
        seed=args.seed,
        record_dir=args.record_dir,
        resume=args.resume,
        device=args.device,
        operator=args.operator,
        desk_host=args.desk_host,
        desk_port=args.desk_port,
    )
    console = Console()
    sitting = _scripted(request, console) if args.device == SCRIPTED else _by_hand(request, console)
    return finish(sitting, console)


def _check(args: argparse.Namespace) -> None:
    if (args.device == SCRIPTED) != args.lockstep or (args.lockstep and not args.sim):
        raise ConfigError(
            "--device scripted, --lockstep and --sim go together: a scripted expert knows the simulated scene and "
            "lives in its time, and a person does not"
        )
    if args.device == "keyboard" and not is_terminal(sys.stdin):
        calibration = share.calibration_dir(share.find("robots", args.robot), args.sim)
        if not load_station(calibration).pedal:
            raise ConfigError("--device keyboard needs a terminal to type in, or a pedal in the station file")


def _task(args: argparse.Namespace) -> str | None:
    if args.task is not None or args.device == SCRIPTED:  # an expert has a task of its own
        return None if args.task is None else str(args.task)
    robot = share.find("robots", args.robot).stem
    task = task_for(robot, SIM_TASKS) if args.sim else None
    if task is None:
        raise ConfigError(f"no task to demonstrate with {robot}: name one by --task")
    return str(task)


def _by_hand(request: Request, console: Console) -> Path:
    stack = bringup(request, [part for part in EVERYTHING if part not in ("server", "policy")])
    try:
        return supervise(stack, console, TeleopView(console, request.trials, str(request.device)))
    finally:
        clear(stack)


def _scripted(request: Request, console: Console) -> Path:
    from ros_wam.sim.lockstep_demonstrations import run_demonstrations

    with Progress(console, request.trials) as progress:
        return run_demonstrations(request, progress.show)


def _keys_help() -> str:
    lines = [f"  {keys:<8} {text}" for keys, text in key_help("keyboard")]
    return "\n".join(("keys with --device keyboard:", *lines, "with a leader: space held moves, v is its clutch"))
