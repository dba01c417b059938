"""`ros-wam export rrd`: every recorded trial as a file for the Rerun viewer, with RoboChallenge's names and ours.

Needs the extra [export]. `rerun FILE.rrd` of the version that is told opens it: views, joints, gripper, what happened.
"""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from ros_wam.cli.export_extra import needs_export_extra

EXAMPLE = "example: ros-wam export rrd runs/20261121-093000_ur5_move_objects_into_box_baseline recordings"


def add_parser(formats: Any) -> None:
    """Add the format."""
    parser = formats.add_parser("rrd", help="recordings for the Rerun viewer", description=__doc__, epilog=EXAMPLE)
    parser.add_argument("dir", type=Path, metavar="DIR", help="a sitting, or a folder of sittings")
    parser.add_argument("out", type=Path, metavar="OUT", help="a folder; a recording that is there stays as it is")
    parser.set_defaults(run=run)


@needs_export_extra
def run(args: argparse.Namespace) -> int:
    """Write the recordings; 0 when there is at least one."""
    import rerun

    from ros_wam.export.recordings import write_recordings

    console = Console()

    def show(number: int, count: int, name: str) -> None:
        console.print(f"trial {number + 1}/{count}: {name}", highlight=False, markup=False, soft_wrap=True)

    recordings = write_recordings(args.dir, args.out, show)
    for name, why in recordings.left_out:
        console.print(f"left out: {name}: {why}", highlight=False, markup=False, soft_wrap=True)
    told = f"{len(recordings.files)} recordings, {recordings.written} of them new: {args.out}"
    console.print(told, highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"look at one with Rerun {rerun.__version__}: rerun {recordings.files[0]}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return 0
