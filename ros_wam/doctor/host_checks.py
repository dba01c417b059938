"""What this computer has to offer: disk, priority, a clock that is kept right."""

import os
from pathlib import Path

from ros_wam.doctor.check import Check
from ros_wam.errors import ConfigError

DISK_MINUTES = 30.0
"""Of recording that must be left: a sitting of a dozen trials; our choice."""
FIFO = "SCHED_FIFO"


def free_bytes(folder: Path) -> int:
    """Return what an ordinary user may still write where `folder` is or will be; raises ConfigError."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    try:
        status = os.statvfs(there)
    except OSError as error:
        raise ConfigError(f"nothing can be recorded to {folder}: {error.strerror}") from error
    return status.f_bavail * status.f_frsize


def disk_check(folder: Path, free: int, bytes_per_s: float) -> Check:
    """Return for how long `free` bytes at `folder` will do, at the rate at which everything comes now."""
    limit = f"{DISK_MINUTES:.0f} min or more"
    if bytes_per_s <= 0.0:
        return Check("disk", False, "not known: nothing came to be recorded", limit)
    minutes = free / bytes_per_s / 60.0
    value = f"{int(minutes)} min at {bytes_per_s * 1e-6:.1f} MB/s in {folder}"
    return Check("disk", minutes >= DISK_MINUTES, value, limit)


def realtime_check(granted: str, sim: bool) -> Check:
    """Return what the operating system grants the control process; a simulated robot does without."""
    holds = granted.startswith(FIFO)
    return Check("real time", holds or sim, granted or "not told", "any, in simulation" if sim else FIFO)


def wall_clock_check(synchronised: bool | None, sim: bool) -> Check:
    """Return whether the kernel counts its wall clock as kept right, where it tells; a simulation does without."""
    words = {None: "this computer does not tell", True: "synchronised", False: "not synchronised"}
    return Check(
        "wall clock",
        synchronised is not False or sim,
        words[synchronised],
        "any, in simulation" if sim else words[True],
    )
