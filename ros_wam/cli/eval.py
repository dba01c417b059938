"""`ros-wam eval`: run scored trials on a robot, on the simulated station, or in lockstep."""

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from ros_wam import share
from ros_wam.bringup import Run, bringup, clear
from ros_wam.cli.key_terminal import is_terminal
from ros_wam.cli.operator_view import OperatorView
from ros_wam.cli.progress import Progress
from ros_wam.cli.results_table import results_table
from ros_wam.cli.station_options import add_operator_options, add_station_options, add_trial_options, latency_ms
from ros_wam.cli.supervised import View, supervise
from ros_wam.cli.teleop_view import TeleopView
from ros_wam.clock import StationClock
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError
from ros_wam.request import Request
from ros_wam.sim.injection import Injection, check_fault
from ros_wam.sim.link import SimLink

EXAMPLE = "example: ros-wam eval --robot ur5 --sim --task move_objects_into_box --policy baseline --trials 3 --seed 1"


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("eval", help="run scored trials", description=__doc__, epilog=EXAMPLE)
    add_station_options(parser)
    add_trial_options(parser)
    parser.add_argument("--lockstep", action="store_true", help="with --sim: one process, virtual time, deterministic")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted sitting")
    parser.add_argument(
        "--inference-latency-ms", type=latency_ms, default=0.0, metavar="MS", help="make a served policy this slow"
    )
    parser.add_argument(
        "--inject",
        metavar="NAME",
        help="with --sim: begin this fault 2 s into each trial; an unknown NAME prints the list",
    )
    parser.add_argument(
        "--device", metavar="NAME", help="what takes over from the policy: a leader of the station file, or keyboard"
    )
    add_operator_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the sitting; 0 when at least one trial finished validly."""
    if args.lockstep and not args.sim:
        raise ConfigError("--lockstep needs --sim: virtual time cannot drive a real robot")
    if args.lockstep and (args.device or args.operator):
        raise ConfigError("--lockstep goes with neither --device nor --operator: a person lives in real time")
    if args.inject is not None:
        _check_inject(args)
    request = Request(
        robot=args.robot,
        policy=args.policy,
        task=args.task,
        sim=args.sim,
        trials=args.trials,
        seed=args.seed,
        record_dir=args.record_dir,
        resume=args.resume,
        inference_latency_ms=args.inference_latency_ms,
        device=args.device,
        operator=args.operator,
        desk_host=args.desk_host,
        desk_port=args.desk_port,
    )
    console = Console()
    sitting = run_lockstep(request, console) if args.lockstep else run_processes(request, console, args.inject)
    return finish(sitting, console)


def _check_inject(args: argparse.Namespace) -> None:
    if not args.sim or args.lockstep:
        raise ConfigError("--inject needs --sim, and real time: it breaks the simulated controller or its cameras")
    is_led = args.device not in (None, "keyboard")
    check_fault(load_embodiment(share.find("robots", args.robot)), args.inject, is_led)


def run_processes(request: Request, console: Console, inject: str | None = None) -> Path:
    """Run the sitting on the production path and return its folder; raises TrialError when a process fails.

    `inject` names a fault of the simulated station to begin in every trial.
    """
    stack = bringup(request)
    injection = None if inject is None else Injection(SimLink(stack.config.sim_socket), inject)
    view = _view(stack, console, request.trials)
    take = view.typed if isinstance(view, OperatorView) else None
    try:
        return supervise(stack, console, view, injection.see if injection else lambda line: None, take)
    finally:
        clear(stack)


def _view(stack: Run, console: Console, trials: int) -> View:
    """Return what shows the sitting: to whoever teleoperates, to an operator who can type here, or to anyone."""
    if stack.config.device is not None:
        return TeleopView(console, trials, stack.config.device)
    if stack.config.operator and stack.desk is not None and console.is_terminal and is_terminal(sys.stdin):
        return OperatorView(console, trials, stack.desk, StationClock())
    return Progress(console, trials)


def run_lockstep(request: Request, console: Console) -> Path:
    """Run the sitting under a virtual clock and return its folder."""
    from ros_wam.sim.lockstep import run_sitting

    with Progress(console, request.trials) as progress:
        return run_sitting(request, progress.show)


def finish(sitting: Path, console: Console) -> int:
    """Print the table and return the exit status."""
    table, valid = results_table(sitting)
    console.print(table)
    console.print(f"report: {sitting / 'report.html'}", highlight=False, soft_wrap=True)
    return 0 if valid else 1
