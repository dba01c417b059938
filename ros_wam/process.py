"""What every process of a run does first: die with its parent, and turn signals into one event."""

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_SWITCH_INTERVAL_S = 0.0005


def die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies, so that a killed launcher leaves no process behind."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def stop_event() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set; call from the main thread."""
    event = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: event.set())
    return event


def switch_threads_quickly() -> None:
    """Have a thread that is waited for not wait Python's usual 5 ms for one that is busy."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)


def set_realtime_priority(priority: int) -> bool:
    """Run the calling thread, and those it starts, under SCHED_FIFO; return False where that is not permitted."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        return False
    return True
