"""`ros-wam sim`: the simulated station alone, for work on drivers: its controllers on loopback, faults by name."""

import argparse
from typing import Any

from rich.console import Console

from ros_wam.bringup import bringup
from ros_wam.cli.station_options import whole
from ros_wam.clock import StationClock
from ros_wam.errors import SimError
from ros_wam.process import stop_event
from ros_wam.request import Request
from ros_wam.supervisor import Supervisor

EXAMPLE = "example: ros-wam sim --robot ur5 --task move_objects_into_box"
POLL_S = 0.2


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("sim", help="run the simulated station", description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--robot", required=True, metavar="NAME|FILE", help="a name in robots/, or a robot file")
    parser.add_argument("--task", required=True, metavar="NAME|FILE", help="a name in config/tasks/, or a file")
    parser.add_argument("--seed", type=whole(0), default=0, metavar="N", help="seed of the scene (default 0)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run until interrupted."""
    stack = bringup(Request(robot=args.robot, task=args.task, sim=True, seed=args.seed), parts=("sim",))
    clock, stop, console = StationClock(), stop_event(), Console()
    with Supervisor(stack, stack.config.run_dir / "logs") as supervisor:
        settings = ", ".join(f"{key} {value}" for key, value in stack.config.station().robot.items())
        console.print(f"robot: {settings}", highlight=False, soft_wrap=True)
        if stack.config.control_prefix:
            console.print(f"start what talks to it by: {' '.join(stack.config.control_prefix)} …", soft_wrap=True)
        console.print(f"simulator's socket: {stack.config.sim_socket}", highlight=False)
        while not stop.is_set():
            if supervisor.ended() is not None:
                raise SimError(f"sim_node ended: {supervisor.last_words('sim_node') or 'without a word'}")
            clock.sleep_until_ns(clock.now_ns() + round(POLL_S * 1e9))
    return 0
