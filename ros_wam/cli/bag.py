"""`ros-wam bag`: what a bag holds and lacks, how good it is, and bags that a crash cut off."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ros_wam.cli.bag_quality import add_quality_parser
from ros_wam.errors import RecordError, SpecError
from ros_wam.record.bag_info import describe
from ros_wam.record.bag_recover import recover
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.provenance import traced_share

EXAMPLE = "example: ros-wam bag info runs/<sitting>/trials/001/bag"


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("bag", help="inspect, judge or recover a bag", description=__doc__, epilog=EXAMPLE)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, action, text in (
        ("info", info, "rates, gaps and drops per topic"),
        ("recover", recover_bag, "finish a bag that was cut off, up to its last flush"),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("bag", type=Path, help="the bag's folder")
        verb.set_defaults(run=action)
    add_quality_parser(verbs)


def info(args: argparse.Namespace) -> int:
    """Print one row per topic."""
    table = Table("topic", "type")
    for column in ("messages", "rate", "expected", "longest gap", "missing"):
        table.add_column(column, justify="right")
    for row in describe(args.bag):
        gap_ms = None if row.longest_gap_s is None else 1e3 * row.longest_gap_s
        table.add_row(
            row.topic,
            row.type,
            str(row.count),
            _cell(row.rate_hz, ".1f", " Hz"),
            _cell(row.expected_hz, ".0f", " Hz"),
            _cell(gap_ms, ".0f", " ms"),
            _cell(row.missing, "d"),
        )
    console = Console()
    console.print(table)
    share = _traced(args.bag)
    if share is not None:
        console.print(f"{100 * share:.1f} % of the policy's setpoints are traced to the pictures behind them")
    return 0


def _traced(bag: Path) -> float | None:
    try:
        return traced_share(read_trace(bag))
    except (RecordError, SpecError):  # a bag without setpoints is a bag
        return None


def recover_bag(args: argparse.Namespace) -> int:
    """Recover the bag and say what came back."""
    recovery = recover(args.bag)
    console = Console()
    console.print(f"recovered {recovery.messages} messages; the cut-off file is {recovery.original}", highlight=False)
    return 0


def _cell(value: float | None, form: str, unit: str = "") -> str:
    return "" if value is None else f"{value:{form}}{unit}"
