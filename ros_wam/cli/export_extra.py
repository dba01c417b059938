"""What the formats of `ros-wam export` need beyond the package itself: the extra [export]."""

import argparse
import functools
from collections.abc import Callable

from ros_wam.errors import ExportError

LIBRARIES = ("av", "pyarrow", "rerun")

Run = Callable[[argparse.Namespace], int]


def needs_export_extra(run: Run) -> Run:
    """Return `run`, which imports one of LIBRARIES, so that it says what to install where that is missing."""

    @functools.wraps(run)
    def guarded(args: argparse.Namespace) -> int:
        try:
            return run(args)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] not in LIBRARIES:
                raise
            raise ExportError(f"no {error.name}: pip install '.[export]' in a checkout") from error

    return guarded
