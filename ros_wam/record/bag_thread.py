"""Writes a bag in a thread of its own, so that receiving never waits for a disk."""

import threading
from collections import deque
from typing import NamedTuple

from ros_wam.errors import RecordError
from ros_wam.record.bag_writer import BagWriter

_PERIOD_S = 0.1
_CLOSE_TIMEOUT_S = 8.0  # less than a trial waits for its bag


class Received(NamedTuple):
    """One message (CDR) as it came; `publish_ns` is the stamp inside it, where there is one."""

    topic: str
    stamp_ns: int
    data: bytes
    publish_ns: int | None


class BagThread:
    """Takes messages at once and writes them within a tenth of a second; holds at most `limit_bytes` of them.

    After a failure every message is refused.
    """

    def __init__(self, writer: BagWriter, limit_bytes: int) -> None:
        self._writer = writer
        self._limit_bytes = limit_bytes
        self._pending: deque[Received] = deque()
        self._pending_bytes = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._failure: RecordError | None = None
        self._complete = False
        self._thread = threading.Thread(target=self._run, name="bag", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> RecordError | None:
        """What stopped the writing before `close`; None while all is well."""
        if self._failure is None and not self._thread.is_alive() and not self._complete:
            return RecordError("the thread that writes the bag has died")
        return self._failure

    def put(self, message: Received) -> bool:
        """Queue a message; return False when there is no room for it, or nothing is written any more."""
        with self._lock:
            if self._failure is not None or self._pending_bytes + len(message.data) > self._limit_bytes:
                return False
            self._pending_bytes += len(message.data)
        self._pending.append(message)
        return True

    def close(self) -> None:
        """Write what is queued and finish the bag; raises RecordError when that fails or takes too long."""
        self._closing.set()
        self._thread.join(_CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            raise RecordError(f"the bag was not written to the end within {_CLOSE_TIMEOUT_S:.0f} s")
        failure = self.failure
        if failure is not None:
            raise failure

    def _run(self) -> None:
        try:
            while not self._closing.wait(_PERIOD_S):
                if not self._write_pending():
                    self._writer.flush()
            self._write_pending()
            self._writer.close()
            self._complete = True
        except RecordError as error:
            self._writer.abandon()
            with self._lock:
                self._failure = error
            self._pending.clear()

    def _write_pending(self) -> int:
        count = len(self._pending)
        for _ in range(count):
            message = self._pending.popleft()
            self._writer.write(message.topic, message.stamp_ns, message.data, message.publish_ns)
            with self._lock:
                self._pending_bytes -= len(message.data)
        return count
