"""`ros-wam export table30`: trials in the layout of RoboChallenge's Table30, at its 30 Hz.

Needs the extra [export]. An export that was interrupted goes on where it was when it is called again.
"""

import argparse
from typing import Any

from rich.console import Console

from ros_wam.cli.export_extra import needs_export_extra
from ros_wam.cli.export_options import add_choice_options, add_sampling_options, choice, sampling
from ros_wam.cli.export_progress import ExportProgress, show_exported
from ros_wam.cli.station_options import whole
from ros_wam.export.table30_layout import RATE_HZ, VERSIONS

EXAMPLE = "example: ros-wam export table30 runs/20261121-093000_ur5_move_objects_into_box_teleop table30 --layout v2"


def add_parser(formats: Any) -> None:
    """Add the format."""
    parser = formats.add_parser("table30", help="RoboChallenge's Table30", description=__doc__, epilog=EXAMPLE)
    add_choice_options(parser)
    add_sampling_options(parser, rate=None)
    parser.add_argument("--layout", choices=VERSIONS, default="v1", help="Table30's release (default v1)")
    parser.add_argument("--robot-number", type=whole(1), default=1, metavar="N", help="this robot's, in robot_id (1)")
    parser.set_defaults(run=run, rate_hz=None)


@needs_export_extra
def run(args: argparse.Namespace) -> int:
    """Write the episodes; 0 when there is at least one."""
    from ros_wam.export.table30 import Table30Export

    chosen, console = choice(args), Console()
    export = Table30Export(args.layout, sampling(args, RATE_HZ), args.robot_number)
    with ExportProgress(console) as progress:
        exported = export.run(chosen, args.out, progress.show)
    show_exported(exported, console)
    return 0
