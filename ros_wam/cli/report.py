"""`ros-wam report`: write report.md and report.html of a sitting again, from its results and bags."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from ros_wam.cli.results_table import results_table
from ros_wam.trial.report import write_report
from ros_wam.trial.seal import broken_seals

EXAMPLE = "example: ros-wam report runs/20261121-093000_ur5_move_objects_into_box_baseline"


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("report", help="write a sitting's report", description=__doc__, epilog=EXAMPLE)
    parser.add_argument("sitting", type=Path, help="the sitting's folder")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the report and print the table, and what differs since a trial was sealed."""
    console = Console()
    path = write_report(args.sitting)
    console.print(results_table(args.sitting)[0])
    console.print(f"report: {path}", highlight=False)
    for line in broken_seals(args.sitting):
        console.print(f"{line} since it was sealed", style="yellow", highlight=False, markup=False)
    return 0
