"""What the operating system grants a control loop: priority, memory that stays, no garbage collection of start-up."""

import ctypes
import gc
import os
import resource

from ros_wam.process import set_realtime_priority

FIFO_PRIORITY = 60
_MCL_CURRENT_AND_FUTURE = 3  # <sys/mman.h>


def become_realtime() -> str:
    """Take what is permitted for the calling process, and return what was and what was not."""
    gc.collect()
    gc.freeze()
    permitted = set_realtime_priority(FIFO_PRIORITY)
    priority = f"SCHED_FIFO {FIFO_PRIORITY}" if permitted else "no SCHED_FIFO (rtprio is not permitted)"
    return f"{priority}, {_lock_memory()}"


def _lock_memory() -> str:
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit != resource.RLIM_INFINITY:  # a lock that holds now would make a later allocation fail
        return "memory not locked (memlock is limited)"
    if ctypes.CDLL(None, use_errno=True).mlockall(_MCL_CURRENT_AND_FUTURE) != 0:
        return f"memory not locked ({os.strerror(ctypes.get_errno())})"
    return "memory locked"
