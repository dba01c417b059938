"""Calls one at a time, and all in one thread: libraries such as PyTorch keep caches and memory per thread."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

_WAIT_S = 0.1


class InferenceQueue:
    """Makes calls for other threads, in the thread that calls `work`."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._ended = False

    def call(self, function: Callable[[], Any]) -> Any:
        """Return what `function` returns, or raise what it raises, once it was its turn; CancelledError after `end`."""
        job: Future[Any] = Future()
        with self._lock:
            if self._ended:
                job.cancel()
            else:
                self._jobs.put((job, function))
        return job.result()

    def work(self) -> None:
        """Make the calls, until `end`."""
        while (waiting := self._next()) is not None:
            job, function = waiting
            if job.set_running_or_notify_cancel():
                with _outcome_told_to(job):
                    job.set_result(function())

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        """Wait a little at a time: a signal that comes just before a wait is heard only after it."""
        while True:
            with contextlib.suppress(Empty):
                return self._jobs.get(timeout=_WAIT_S)

    def end(self) -> None:
        """Let `work` return after the call that it makes, and cancel those that wait. Repeatable."""
        with self._lock:
            self._ended = True
            while not self._jobs.empty():
                waiting = self._jobs.get()
                if waiting is not None:
                    waiting[0].cancel()
            self._jobs.put(None)


def _outcome_told_to(job: Future[Any]) -> contextlib.ExitStack:
    """Return a context that gives what is raised in it to whoever waits for the job."""

    def tell(kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        if error is not None:
            job.set_exception(error)
        return True

    stack = contextlib.ExitStack()
    stack.push(tell)
    return stack
