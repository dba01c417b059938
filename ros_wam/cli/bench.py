"""`ros-wam bench`: measure what this machine and this software do, with the figures of others beside ours."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from ros_wam.bench.chunk_switch import chunk_switch
from ros_wam.bench.result import LATENCY_IDLE, BenchResult
from ros_wam.cli.bench_table import bench_table
from ros_wam.cli.station_options import latency_ms, whole
from ros_wam.errors import ConfigError
from ros_wam.policy.strategies import STRATEGIES

EXAMPLE = "example: ros-wam bench {} --json"
ROBOTS = ("ur5", "ur5e", "franka", "arx5", "aloha")
Show = Callable[[str], None]


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench", help="run a benchmark", description=__doc__, epilog=EXAMPLE.format("chunk-switch")
    )
    benches = parser.add_subparsers(required=True, metavar="NAME")
    _add(benches, "chunk-switch", lambda args, show: chunk_switch(show), "smoothness where chunks disagree")
    slow = _add(benches, "latency", _latency, "a task with policies that answer after 27 ms to 5.6 s, in lockstep")
    slow.description = f"{slow.description} Idle: {LATENCY_IDLE}."
    slow.add_argument("--trials", type=whole(1), default=3, metavar="N", help="trials of each latency (default 3)")
    slow.add_argument("--strategy", choices=STRATEGIES, help="instead of the one in the policy's profile")
    slow.add_argument("--latencies", type=latency_ms, nargs="+", metavar="MS", help="instead of those of known systems")
    slow.add_argument(
        "--out", type=Path, default=Path("runs/bench/latency.png"), metavar="FILE", help="the plot (%(default)s)"
    )

    loops = _add(benches, "rates", _rates, "each driver in its own loop against its emulated controller")
    loops.add_argument(
        "--robots", nargs="+", default=ROBOTS, choices=ROBOTS, metavar="NAME", help="which (all of them)"
    )
    asked = _add(benches, "client", _client, "what our policy client adds to an inference, and what openpi's does")
    asked.description = f"{asked.description} openpi-client is installed into an environment of its own at first."
    asked.add_argument("--rounds", type=whole(1), default=10, metavar="N", help="rounds of 40 calls (%(default)s)")
    serving = _add(benches, "server", _server, "what serving adds to the bare forward pass of a policy of PyTorch")
    serving.add_argument("--calls", type=whole(1), default=300, metavar="N", help="calls of each kind (%(default)s)")
    serving.add_argument("--device", metavar="NAME", help="such as cpu or cuda:0 (default: CUDA where there is any)")
    timed = (
        loops,
        _add(benches, "control", _control, "is the control process on time, with cameras and recorder running"),
        _add(benches, "observation", _observation, "hop by hop from a captured frame to its first setpoint"),
    )
    for parser_of_one, seconds in zip(timed, (60, 20, 60), strict=True):
        parser_of_one.add_argument(
            "--duration", type=whole(1, 3600), default=seconds, metavar="S", help="seconds to measure (%(default)s)"
        )


def _add(
    benches: Any, name: str, measure: Callable[[argparse.Namespace, Show], BenchResult], text: str
) -> argparse.ArgumentParser:
    """Add one benchmark, which `measure` runs, and return its parser for more options."""
    parser: argparse.ArgumentParser = benches.add_parser(
        name, help=text, description=f"Benchmark: {text}.", epilog=EXAMPLE.format(name)
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, and progress on stderr")
    parser.set_defaults(run=run, measure=measure)
    return parser


def _latency(args: argparse.Namespace, show: Show) -> BenchResult:
    """Sweep and plot; the sittings stay beside the plot."""
    from ros_wam.bench.latency import LATENCIES_MS, Sweep, latency
    from ros_wam.bench.latency_plot import plot_latency, require_matplotlib
    from ros_wam.clock import wall_clock_label

    require_matplotlib()
    if args.out.is_dir():
        raise ConfigError(f"--out {args.out} is a folder; name the file of the plot")
    sweep = Sweep(
        folder=args.out.parent / f"{wall_clock_label()}_latency",
        latencies_ms=tuple(dict.fromkeys(args.latencies or LATENCIES_MS)),
        trials=args.trials,
        strategy=args.strategy,
    )
    result = latency(sweep, show)
    plot_latency(result, sweep.profile, args.out)
    show(f"plot: {args.out}; sittings: {sweep.folder}")
    return result


def _control(args: argparse.Namespace, show: Show) -> BenchResult:
    from ros_wam.bench.control import control

    return control(args.duration, show)


def _observation(args: argparse.Namespace, show: Show) -> BenchResult:
    from ros_wam.bench.observation import observation

    return observation(args.duration, show)


def _client(args: argparse.Namespace, show: Show) -> BenchResult:
    from ros_wam.bench.client import client

    return client(args.rounds, show)


def _server(args: argparse.Namespace, show: Show) -> BenchResult:
    from ros_wam.bench.server import server

    return server(args.calls, args.device, show)


def _rates(args: argparse.Namespace, show: Show) -> BenchResult:
    from ros_wam.bench.rates import rates

    return rates(args.robots, args.duration, show)


def run(args: argparse.Namespace) -> int:
    """Run the benchmark and print its table or its JSON object."""
    progress = Console(stderr=args.json)
    with progress.status("starting") as status:

        def show(text: str) -> None:
            status.update(text)
            progress.print(text, markup=False, highlight=False, soft_wrap=True)

        result = args.measure(args, show)
    if args.json:
        print(json.dumps(result.as_json(), indent=1))
    else:
        for part in bench_table(result):
            progress.print(part, highlight=False)
    return 0
