"""`ros-wam bench`: measure what this machine and this software do, with the figures of others beside ours."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from rich.console import Console

from ros_wam.bench.chunk_switch import chunk_switch
from ros_wam.bench.result import BenchResult
from ros_wam.cli.bench_table import bench_table

EXAMPLE = "example: ros-wam bench {} --json"
Show = Callable[[str], None]


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench", help="run a benchmark", description=__doc__, epilog=EXAMPLE.format("chunk-switch")
    )
    benches = parser.add_subparsers(required=True, metavar="NAME")
    _add(benches, "chunk-switch", lambda args, show: chunk_switch(show), "smoothness where chunks disagree")


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


def run(args: argparse.Namespace) -> int:
    """Run the benchmark and print its table or its JSON object."""
    progress = Console(stderr=args.json)
    with progress.status("starting") as status:

        def show(text: str) -> None:
            status.update(text)
            if not progress.is_terminal:
                progress.print(text, markup=False, highlight=False)

        result = args.measure(args, show)
    if args.json:
        print(json.dumps(result.as_json(), indent=1))
    else:
        for part in bench_table(result):
            progress.print(part)
    return 0
