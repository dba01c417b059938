"""What this computer has to offer: disk, priority, a clock that is kept right."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ros_wam.doctor.check import Check
from ros_wam.errors import ConfigError

DISK_MINUTES = 30.0
"""Of recording that must be left: a sitting of a dozen trials; our choice."""
FIFO = "SCHED_FIFO"


class Disk(NamedTuple):
    """Where sittings will be recorded: what an ordinary user may still write there, and why nobody can, if so."""

    folder: Path
    free_bytes: int
    trouble: str = ""


def look_at_disk(folder: Path) -> Disk:
    """Return what is known of `folder`, or of the nearest folder above it that is there; raises ConfigError."""
    try:
        there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
        status = os.statvfs(there)
    except OSError as error:
        raise ConfigError(f"nothing can be recorded to {folder}: {error.strerror}") from error
    trouble = ""
    if not there.is_dir():
        trouble = f"{there} is no folder"
    elif status.f_flag & os.ST_RDONLY:
        trouble = f"{there} is read-only"
    elif not os.access(there, os.W_OK | os.X_OK):
        trouble = f"{there} must not be written to"
    return Disk(folder, status.f_bavail * status.f_frsize, trouble)


def disk_check(disk: Disk, bytes_per_s: float, slow: Sequence[str]) -> Check:
    """Return for how long the disk will do, at the rate at which everything comes now.

    Where views are too slow, `slow`, that is too little to know it from, unless even that is too much.
    """
    limit = f"{DISK_MINUTES:.0f} min or more"
    if bytes_per_s <= 0.0:
        return Check("disk", False, "not known: nothing came to be recorded", limit)
    minutes = disk.free_bytes / bytes_per_s / 60.0
    value = f"{int(minutes)} min at {bytes_per_s * 1e-6:.1f} MB/s in {disk.folder}"
    if disk.trouble:
        return Check("disk", False, f"{disk.trouble}; {value}", limit)
    if slow and minutes >= DISK_MINUTES:
        return Check("disk", False, f"not known: too few pictures of {', '.join(slow)}", limit)
    return Check("disk", minutes >= DISK_MINUTES, value, limit)


def realtime_check(granted: str, sim: bool) -> Check:
    """Return what the operating system grants the control process; a simulated robot does without."""
    holds = granted.startswith(FIFO)
    return Check("real time", holds or sim, granted or "not told", "any, in simulation" if sim else FIFO)


def wall_clock_check(synchronised: bool | None, sim: bool) -> Check:
    """Return whether the kernel counts its wall clock as kept right, where it tells; a simulation does without."""
    words = {None: "not told", True: "synchronised", False: "not synchronised"}
    limit = words[True] if synchronised is not None else "any: not told by this computer"
    return Check(
        "wall clock", synchronised is not False or sim, words[synchronised], "any, in simulation" if sim else limit
    )
