"""`ros-wam bag quality`: what is wrong with a recording."""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ros_wam import share
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import TrialError
from ros_wam.quality.bag import judge_bag, was_marked
from ros_wam.quality.finding import Severity
from ros_wam.quality.verdict import Quality, Verdict
from ros_wam.trial.outcome import trial_from_json

TRIAL = "trial.json"
_COLOURS = {Verdict.GOOD: "green", Verdict.USABLE: "yellow", Verdict.BAD: "red"}


def add_quality_parser(verbs: Any) -> None:
    """Add the verb."""
    text = "what is wrong with a recording; exits with 1 when it is bad"
    verb = verbs.add_parser("quality", help=text, description=text)
    verb.add_argument("bag", type=Path, help="the bag's folder")
    verb.add_argument(
        "--robot", metavar="NAME|FILE", help="whose limits hold (default: the file copied beside the bag)"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON object: verdict, seconds, findings")
    verb.set_defaults(run=quality)


def quality(args: argparse.Namespace) -> int:
    """Judge the bag and print a row per finding."""
    robot = None if args.robot is None else load_embodiment(share.find("robots", args.robot))
    judged = judge_bag(args.bag, embodiment=robot, marked=_marked(args.bag.resolve().parent / TRIAL))
    if args.json:
        print(json.dumps(judged.to_json()))
    else:
        _show(judged, Console())
    return int(judged.verdict is Verdict.BAD)


def _marked(path: Path) -> bool | None:
    """Return whether someone marked the demonstration, None for a bag that is none."""
    if not path.is_file():
        return None
    try:
        return was_marked(trial_from_json(json.loads(path.read_text())))
    except (OSError, ValueError, TrialError) as error:
        raise TrialError(f"cannot read {path}: {error}") from error


def _show(judged: Quality, console: Console) -> None:
    if judged.findings:
        table = Table("check", "", "from", "to", "what")
        for found in judged.findings:
            colour = "red" if found.severity is Severity.BAD else "yellow"
            when = f"{found.start_s:.1f} s", f"{found.end_s:.1f} s"
            table.add_row(found.check.value, f"[{colour}]{found.severity.value}[/]", *when, escape(found.detail))
        console.print(table)
    verdict = f"[{_COLOURS[judged.verdict]}]{judged.verdict.value}[/]"
    count = f"{len(judged.findings)} finding{'s' if len(judged.findings) != 1 else ''}"
    console.print(f"{verdict}: {count} in {judged.seconds:.1f} s", highlight=False)
