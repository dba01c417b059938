"""Checks that a stream comes as often as the table of topics says, in every window of the recording."""

from collections.abc import Collection, Sequence

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Heard, Span
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.stretch import Stretch


class LowRate:
    """One topic, by when its messages came."""

    def __init__(self, topic: str, rate_hz: float, bounds: Bounds, start_ns: int) -> None:
        self._topic, self._rate_hz, self._bounds = topic, rate_hz, bounds
        self._window_ns = round(bounds.rate_window_s * 1e9)
        self._begin_ns, self._count = start_ns, 0
        self._slow = self._slow_begin_ns = self._slow_end_ns = 0
        self._worst: Stretch | None = None

    @property
    def topics(self) -> Collection[str]:
        """See MessageCheck."""
        return (self._topic,)

    def take(self, heard: Heard) -> None:
        """See MessageCheck."""
        while heard.receipt_ns >= self._begin_ns + self._window_ns:
            self._close()
        self._count += 1

    def _close(self) -> None:
        found, end_ns = self._judged(self._count), self._begin_ns + self._window_ns
        if found is not None:
            self._worst = found.worse(self._worst)
            self._slow_begin_ns = self._begin_ns if self._slow == 0 else self._slow_begin_ns
            self._slow, self._slow_end_ns = self._slow + 1, end_ns
        self._begin_ns, self._count = end_ns, 0

    def _judged(self, count: int) -> Stretch | None:
        """Return the window that begins now when too few came in it; its value is the share that is missing."""
        share = count / (self._rate_hz * self._bounds.rate_window_s)
        low = share < self._bounds.rate_share
        return Stretch(self._begin_ns, self._begin_ns + self._window_ns, 1.0 - share) if low else None

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        worst, slow = self._worst, self._slow
        begin_ns, end_ns = self._slow_begin_ns, self._slow_end_ns
        if span.end_ns >= self._begin_ns + self._window_ns:  # nothing has come since this window ended
            open_window = self._judged(self._count)
            if open_window is not None:
                begin_ns = open_window.begin_ns if slow == 0 else begin_ns
                worst, slow, end_ns = open_window.worse(worst), slow + 1, span.end_ns
        if worst is None:
            return ()
        rate_hz, least_hz = (1.0 - worst.value) * self._rate_hz, self._bounds.rate_share * self._rate_hz
        detail = (
            f"{self._topic}: comes at {rate_hz:.1f} Hz in the worst of {slow} slow windows of "
            f"{self._bounds.rate_window_s:g} s; it should come at {self._rate_hz:g} Hz (at least {least_hz:.1f} Hz)"
        )
        where = span.after_s(begin_ns), span.after_s(end_ns)
        return (Finding(CheckName.LOW_RATE, Severity.BAD, detail, *where, round(rate_hz, 2), round(least_hz, 2)),)
