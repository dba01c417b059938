"""`ros-wam export`: recorded trials in the formats of others. Each format brings its own options."""

from typing import Any

from ros_wam.cli import export_lerobot, export_rrd, export_table30

EXAMPLE = "example: ros-wam export lerobot runs/20261121-093000_ur5_move_objects_into_box_teleop datasets/box"
FORMATS = (export_lerobot, export_table30, export_rrd)
"""Each has an `add_parser`, which adds its subcommand."""


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("export", help="write trials in another format", description=__doc__, epilog=EXAMPLE)
    formats = parser.add_subparsers(required=True, metavar="FORMAT")
    for each in FORMATS:
        each.add_parser(formats)
