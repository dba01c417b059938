"""The options that formats of `ros-wam export` share."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from ros_wam.export.choice import Choice, choose
from ros_wam.export.sampling import MAX_AGE_S, Action, Gaps, Sampling, StateAt


def add_choice_options(parser: argparse.ArgumentParser) -> None:
    """Add `DIR OUT --include-failures --include-bad`."""
    parser.add_argument("dir", type=Path, metavar="DIR", help="a sitting, or a folder of sittings")
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder, or one to go on with")
    parser.add_argument("--include-failures", action="store_true", help="trials that failed as well")
    parser.add_argument(
        "--include-bad", action="store_true", help="trials as well that do not count or whose recording is bad"
    )


def choice(args: argparse.Namespace) -> Choice:
    """Return the trials that the options choose; raises ExportError."""
    return choose(args.dir, include_failures=args.include_failures, include_bad=args.include_bad)


def add_sampling_options(parser: argparse.ArgumentParser, rate: str | None) -> None:
    """Add `--rate-hz --max-age-ms --action --state-at --gaps --trim`.

    `rate` says what the rate is unless it is given; None: it cannot be.
    """
    if rate is not None:
        parser.add_argument("--rate-hz", type=positive(1000.0), metavar="HZ", help=f"samples a second (default {rate})")
    parser.add_argument(
        "--max-age-ms",
        type=positive(60_000.0),
        default=MAX_AGE_S * 1e3,
        metavar="MS",
        help="how old a picture may be at its sample (default %(default)g)",
    )
    parser.add_argument(
        "--action",
        choices=[each.value for each in Action],
        default=Action.SENT.value,
        help="joint positions as sent to the robot, or as the policy or the leader asked (default sent)",
    )
    parser.add_argument(
        "--state-at",
        choices=[each.value for each in StateAt],
        default=StateAt.INSTANT.value,
        help="joints at the sample's instant, or when its oldest picture was captured (default instant)",
    )
    parser.add_argument(
        "--gaps",
        choices=[each.value for each in Gaps],
        default=Gaps.REFUSE.value,
        help="where a picture is missing: leave out the episode, or drop the sample (default refuse)",
    )
    parser.add_argument("--trim", action="store_true", help="without the rest before and after the motion")


def sampling(args: argparse.Namespace, rate_hz: float) -> Sampling:
    """Return what the options say, at `rate_hz` unless they say another."""
    return Sampling(
        rate_hz=rate_hz if args.rate_hz is None else args.rate_hz,
        max_age_s=args.max_age_ms * 1e-3,
        action=Action(args.action),
        state_at=StateAt(args.state_at),
        gaps=Gaps(args.gaps),
        trim=args.trim,
    )


def positive(most: float) -> Callable[[str], float]:
    """Return a function that reads a number above 0, at most `most`."""

    def number(text: str) -> float:
        value = float(text)
        if not 0.0 < value <= most or math.isnan(value):
            raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most {most:g}")
        return value

    return number
