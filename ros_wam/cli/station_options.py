"""The options that commands share with the launch files, under the same names."""

import argparse
from collections.abc import Callable
from pathlib import Path


def add_station_options(parser: argparse.ArgumentParser) -> None:
    """Add `--robot` and `--sim`."""
    parser.add_argument("--robot", required=True, metavar="NAME|FILE", help="a name in robots/, or a robot file")
    parser.add_argument("--sim", action="store_true", help="use the simulated station instead of the lab's")


def add_trial_options(parser: argparse.ArgumentParser) -> None:
    """Add `--task --policy --trials --seed --record-dir --resume`."""
    parser.add_argument("--task", required=True, metavar="NAME|FILE", help="a name in config/tasks/, or a file")
    parser.add_argument("--policy", required=True, metavar="NAME|FILE", help="a name in config/policies/, or a file")
    parser.add_argument("--trials", type=whole(1), default=1, metavar="N", help="how many trials (default 1)")
    parser.add_argument("--seed", type=whole(0), default=0, metavar="N", help="seed of the sitting (default 0)")
    parser.add_argument("--record-dir", type=Path, default=Path("runs"), metavar="DIR", help="where sittings go (runs)")


def add_operator_options(parser: argparse.ArgumentParser) -> None:
    """Add `--operator --desk-host --desk-port`."""
    parser.add_argument(
        "--operator",
        action="store_true",
        help="a person lays the scene out and scores, as without --sim in any case",
    )
    parser.add_argument(
        "--desk-host",
        default="127.0.0.1",
        metavar="HOST",
        help="where the operator's page is served (127.0.0.1: this machine alone; anywhere else it asks for a token)",
    )
    parser.add_argument(
        "--desk-port",
        type=whole(0, 65535),
        default=0,
        metavar="PORT",
        help="port of the operator's page (default: one that is free; with --sim there is a page only for whoever "
        "names a port, a --device or --operator)",
    )


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a function that reads an integer from `least` to `most`."""

    def integer(text: str) -> int:
        value = int(text)
        if value < least or (most is not None and value > most):
            bounds = f"at least {least}" if most is None else f"{least} to {most}"
            raise argparse.ArgumentTypeError(f"{value} is not {bounds}")
        return value

    return integer


def latency_ms(text: str) -> float:
    """Return `text` as a latency in [0, 60000] ms."""
    value = float(text)
    if not 0.0 <= value <= 60_000.0:
        raise argparse.ArgumentTypeError(f"{text} ms is not between 0 and 60000")
    return value
