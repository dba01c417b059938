"""The options that commands share with the launch files, under the same names."""

import argparse
from pathlib import Path


def add_station_options(parser: argparse.ArgumentParser) -> None:
    """Add `--robot` and `--sim`."""
    parser.add_argument("--robot", required=True, metavar="NAME|FILE", help="a name in robots/, or a robot file")
    parser.add_argument("--sim", action="store_true", help="use the simulated station instead of the lab's")


def add_trial_options(parser: argparse.ArgumentParser) -> None:
    """Add `--task --policy --trials --seed --record-dir --resume`."""
    parser.add_argument("--task", required=True, metavar="NAME|FILE", help="a name in config/tasks/, or a file")
    parser.add_argument("--policy", required=True, metavar="NAME|FILE", help="a name in config/policies/, or a file")
    parser.add_argument("--trials", type=positive, default=1, metavar="N", help="how many trials (default 1)")
    parser.add_argument("--seed", type=natural, default=0, metavar="N", help="seed of the sitting (default 0)")
    parser.add_argument("--record-dir", type=Path, default=Path("runs"), metavar="DIR", help="where sittings go (runs)")


def positive(text: str) -> int:
    """Return `text` as an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def port(text: str) -> int:
    """Return `text` as a TCP port."""
    value = int(text)
    if not 1 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{value} is not a port, 1 to 65535")
    return value


def natural(text: str) -> int:
    """Return `text` as an integer of at least 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is not at least 0")
    return value


def latency_ms(text: str) -> float:
    """Return `text` as a latency in [0, 60000] ms."""
    value = float(text)
    if not 0.0 <= value <= 60_000.0:
        raise argparse.ArgumentTypeError(f"{text} ms is not between 0 and 60000")
    return value
