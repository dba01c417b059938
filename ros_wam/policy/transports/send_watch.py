"""A limit for sending where a library has none: a thread that looks now and then whether it goes on for too long.

A timer for each request would do, but the request waits until the timer's thread has begun: milliseconds on a busy
machine.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_S = 0.1
"""Between two looks: a send is cut at most two of them after its time is over."""


class SendWatch:
    """Calls `cut` where a send takes longer than it may. One thread sends; `close` it."""

    def __init__(self, cut: Callable[[], None]) -> None:
        self._cut = cut
        self._lock = threading.Lock()
        self._sends = 0
        self._limit_s: float | None = None  # None while nothing is sent
        self._late = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    @property
    def was_late(self) -> bool:
        """Whether a send was cut."""
        return self._late

    @contextmanager
    def limited(self, limit_s: float) -> Iterator[None]:
        """Send within this; at most `limit_s`, and two looks, go by until it is cut."""
        with self._lock:
            self._sends += 1
            self._limit_s = limit_s
        try:
            yield
        finally:
            with self._lock:
                self._limit_s = None

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        self._thread.join()

    def _look(self) -> None:
        seen, waited_s = 0, 0.0
        while not self._closed.wait(LOOK_S):
            with self._lock:
                if self._limit_s is None:
                    continue
                if self._sends != seen:
                    seen, waited_s = self._sends, 0.0
                    continue
                waited_s += LOOK_S
                if waited_s >= self._limit_s:
                    self._late = True
                    self._cut()
                    return
