"""Pieces of work that meet in a FIFO, `met`, before they end, die, fail or go on; for processes of their own."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from ros_wam.causes import Cause
from ros_wam.errors import ObservationError


def call(work: Callable[[], str]) -> str:
    return work()


class Endless:
    """Meets another process, and then goes on until it is ended in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self) -> str:
        try:
            (self.folder / "met").write_text("")
            signal.sigtimedwait([], 60)
        finally:
            (self.folder / "ended").touch()
        return "too late"


class Meets(Endless):
    def __call__(self) -> str:
        (self.folder / "met").read_text()
        return "met"


class Dies(Meets):
    def __call__(self) -> str:
        super().__call__()
        os.kill(os.getpid(), signal.SIGKILL)
        return "dead"


class Fails(Meets):
    def __call__(self) -> str:
        super().__call__()
        raise ObservationError(Cause.CAMERA_STALE, "no picture")
