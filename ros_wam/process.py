"""What every process of a run does first: die with its parent, and turn signals into one event."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_SWITCH_INTERVAL_S = 0.0005
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>
_KEPT_BYTES, _LARGEST_BYTES = 1 << 30, 32 << 20  # the second is the most that glibc takes


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


@contextlib.contextmanager
def ends_after_signal(patience_s: float) -> Iterator[None]:
    """Have the process end `patience_s` after SIGINT or SIGTERM, with what is run in here unfinished.

    For a main thread that calls what may not return: no handler of a signal runs meanwhile. Call after `stop_event`.
    """
    told, tells = os.pipe()
    os.set_blocking(tells, False)
    over = threading.Event()

    def watch() -> None:
        if os.read(told, 1) and not over.wait(patience_s):  # nothing is read where the other end is closed
            os._exit(0)

    thread = threading.Thread(target=watch, name="ends_after_signal")
    thread.start()
    before = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        os.close(tells)
        thread.join()
        os.close(told)


def switch_threads_quickly() -> None:
    """Have a thread that is waited for not wait Python's usual 5 ms for one that is busy."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)


def keep_freed_memory() -> None:
    """Keep memory that is freed for what is needed next: to get it from the kernel again takes milliseconds."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # glibc's
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def set_realtime_priority(priority: int) -> bool:
    """Run the calling thread, and those it starts, under SCHED_FIFO; return False where that is not permitted."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        return False
    return True
