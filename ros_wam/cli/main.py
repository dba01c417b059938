"""`ros-wam`: the commands, and one clear line when one fails."""

import argparse
import signal
import sys
from collections.abc import Sequence

from ros_wam import __version__
from ros_wam.cli import bag, bench, doctor, eval, export, policy, report, serve, sim, tasks, teleop  # noqa: A004
from ros_wam.errors import RosWamError

COMMANDS = (eval, teleop, serve, policy, sim, report, export, bag, bench, doctor, tasks)
INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="ros-wam", description="Deploy policies on robots and run fair trials.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = build_parser().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # the terminal was closed; nohup ignores it
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        return int(args.run(args))
    except RosWamError as error:
        print(f"ros-wam: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
