"""`ros-wam export lerobot`: a LeRobot dataset (v3.0) of the trials that succeeded, to train policies with.

Needs the extra [export]. An export that was interrupted goes on where it was when it is called again.
"""

import argparse
from typing import Any

from rich.console import Console

from ros_wam.cli.export_extra import needs_export_extra
from ros_wam.cli.export_options import add_choice_options, add_sampling_options, choice, sampling
from ros_wam.cli.export_progress import ExportProgress, show_exported
from ros_wam.export.choice import slowest_camera_hz

EXAMPLE = "example: ros-wam export lerobot runs/20261121-093000_ur5_move_objects_into_box_teleop datasets/box --trim"


def add_parser(formats: Any) -> None:
    """Add the format."""
    parser = formats.add_parser("lerobot", help="a LeRobot dataset, v3.0", description=__doc__, epilog=EXAMPLE)
    add_choice_options(parser)
    add_sampling_options(parser, "the slowest camera's")
    parser.set_defaults(run=run)


@needs_export_extra
def run(args: argparse.Namespace) -> int:
    """Write the dataset; 0 when it holds at least one episode."""
    from ros_wam.export.lerobot import LeRobotExport

    chosen, console = choice(args), Console()
    rate_hz = args.rate_hz if args.rate_hz is not None else slowest_camera_hz(chosen)
    export = LeRobotExport(sampling(args, rate_hz))
    with ExportProgress(console) as progress:
        exported = export.run(chosen, args.out, progress.show)
    show_exported(exported, console)
    return 0
