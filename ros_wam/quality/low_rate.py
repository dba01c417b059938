"""Checks that a stream comes as often as the table of topics says, in every window of the recording."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Heard, Span
from ros_wam.quality.finding import CheckName, Finding, Severity


class _Slow(NamedTuple):
    """The windows in which too few came: how many, from when to when, and the fewest in one."""

    windows: int = 0
    begin_ns: int = 0
    end_ns: int = 0
    fewest: int = 0

    def and_window(self, begin_ns: int, end_ns: int, count: int) -> "_Slow":
        """Return these and another one."""
        if self.windows == 0:
            return _Slow(1, begin_ns, end_ns, count)
        return _Slow(self.windows + 1, self.begin_ns, end_ns, min(self.fewest, count))


class LowRate:
    """One topic, by when its messages came."""

    def __init__(self, topic: str, rate_hz: float, bounds: Bounds, start_ns: int) -> None:
        self._topic, self._rate_hz, self._window_s = topic, rate_hz, bounds.rate_window_s
        self._least_hz = bounds.rate_share * rate_hz
        self._begin_ns, self._count = start_ns, 0
        self._slow = _Slow()

    @property
    def topics(self) -> Collection[str]:
        """See MessageCheck."""
        return (self._topic,)

    def take(self, heard: Heard) -> None:
        """See MessageCheck."""
        if heard.receipt_ns >= self._begin_ns + round(self._window_s * 1e9):
            self._slow, self._begin_ns = self._until(heard.receipt_ns)
            self._count = 0
        self._count += 1

    def _until(self, now_ns: int) -> tuple[_Slow, int]:
        """Return what was slow in the windows that have ended by now, and when the one began that has not."""
        slow, begin_ns, count = self._slow, self._begin_ns, self._count
        while now_ns >= (end_ns := begin_ns + round(self._window_s * 1e9)):
            if 0 < count < self._least_hz * self._window_s:  # silence is not slow; that is DroppedFrames'
                slow = slow.and_window(begin_ns, end_ns, count)
            begin_ns, count = end_ns, 0
        return slow, begin_ns

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        slow, _ = self._until(span.end_ns)
        if slow.windows == 0:
            return ()
        rate_hz = round(slow.fewest / self._window_s, 2)
        detail = (
            f"{self._topic}: comes at {rate_hz:g} Hz for {self._window_s:g} s at worst, and too slowly "
            f"{slow.windows} times; it should come at {self._rate_hz:g} Hz (at least {self._least_hz:g} Hz)"
        )
        where = span.after_s(slow.begin_ns), span.after_s(slow.end_ns)
        return (Finding(CheckName.LOW_RATE, Severity.BAD, detail, *where, rate_hz, round(self._least_hz, 2)),)
