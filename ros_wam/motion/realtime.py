"""What the operating system grants a control loop: priority, memory that stays, no garbage collection of start-up."""

import contextlib
import ctypes
import gc
import os
import re
import resource
from pathlib import Path

FIFO_PRIORITY = 60
_MCL_CURRENT_AND_FUTURE = 3  # <sys/mman.h>
_CAP_IPC_LOCK = 14  # <linux/capability.h>
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # <malloc.h>


def keep_memory() -> str:
    """Keep all memory of the calling process, now and later, and return whether that was permitted.

    It may take a second: the machine has to find every page. No robot may wait for this process meanwhile.
    """
    gc.collect()
    gc.freeze()
    return _lock_memory()


def take_priority() -> str:
    """Give the calling process the priority if that is permitted, and return whether it was.

    All its threads get it: a vendor library's thread that holds a lock must not be kept waiting.
    """
    permitted = _set_priorities()
    return f"SCHED_FIFO {FIFO_PRIORITY}" if permitted else "no SCHED_FIFO (rtprio is not permitted)"


def _set_priorities() -> bool:
    try:
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # a thread of a vendor library may have ended since
                os.sched_setscheduler(int(thread.name), os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
    except PermissionError:
        return False
    return True


def _lock_memory() -> str:
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit != resource.RLIM_INFINITY and not _may_lock_all():  # else a later allocation would fail
        return "memory not locked (memlock is limited)"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT_AND_FUTURE) != 0:
        return f"memory not locked ({os.strerror(ctypes.get_errno())})"
    # What is freed is kept as well: to get it anew costs as many page faults.
    libc.mallopt(_M_TRIM_THRESHOLD, -1)
    libc.mallopt(_M_MMAP_MAX, 0)
    return "memory locked"


def _may_lock_all() -> bool:
    """Return whether the kernel exempts this process from the limit."""
    effective = re.search(r"^CapEff:\s*([0-9a-f]+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return effective is not None and bool(int(effective[1], 16) >> _CAP_IPC_LOCK & 1)
