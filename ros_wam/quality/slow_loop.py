"""Checks that the control loop ran at its rate, and never stood still."""

from collections.abc import Sequence

import numpy as np

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Span
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.stretch import Stretch
from ros_wam.quality.ticks import Ticks

_WINDOW_NS = 1_000_000_000


class SlowLoop:
    """By the stamps of the ticks and by their numbers: a tick that is missing from the record was no late one."""

    def __init__(self, rate_hz: float, bounds: Bounds) -> None:
        self._rate_hz, self._bounds = rate_hz, bounds
        self._anchor = self._last = (-1, 0)  # sequence, stamp
        self._slow: Stretch | None = None
        self._stall: Stretch | None = None

    def take(self, ticks: Ticks) -> None:
        """See TickCheck."""
        if self._last[0] < 0 or ticks.sequence[0] <= self._last[0]:  # a new control process counts from 0
            self._anchor = self._last = int(ticks.sequence[0]), int(ticks.stamp_ns[0])
        numbers = np.concatenate(([self._last[0]], ticks.sequence))
        stamps_ns = np.concatenate(([self._last[1]], ticks.stamp_ns))
        each_ns = np.diff(stamps_ns) / np.maximum(np.diff(numbers), 1)
        worst = int(each_ns.argmax())
        periods = float(each_ns[worst]) * 1e-9 * self._rate_hz
        if periods > self._bounds.loop_stall_periods:
            self._stall = Stretch(int(stamps_ns[worst]), int(stamps_ns[worst + 1]), periods).worse(self._stall)
        self._last = int(numbers[-1]), int(stamps_ns[-1])
        if self._last[1] - self._anchor[1] >= _WINDOW_NS:
            self._close()

    def _close(self) -> None:
        lasted_s = (self._last[1] - self._anchor[1]) * 1e-9
        rate_hz = (self._last[0] - self._anchor[0]) / lasted_s
        if rate_hz < self._bounds.loop_rate_share * self._rate_hz:
            self._slow = Stretch(self._anchor[1], self._last[1], self._rate_hz - rate_hz).worse(self._slow)
        self._anchor = self._last

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        found = []
        if self._slow is not None:
            rate_hz, least_hz = self._rate_hz - self._slow.value, self._bounds.loop_rate_share * self._rate_hz
            detail = f"the control loop ran at {rate_hz:.1f} Hz for a second (at least {least_hz:.1f} Hz)"
            found.append(_finding(Severity.BAD, detail, self._slow, span, rate_hz, least_hz))
        if self._stall is not None:
            most = self._bounds.loop_stall_periods
            detail = f"a control tick began {self._stall.value:.1f} periods after the one before (at most {most:g})"
            found.append(_finding(Severity.WARN, detail, self._stall, span, self._stall.value, most))
        return found


def _finding(severity: Severity, detail: str, where: Stretch, span: Span, value: float, bound: float) -> Finding:
    begin_s, end_s = span.after_s(where.begin_ns), span.after_s(where.end_ns)
    return Finding(CheckName.SLOW_LOOP, severity, detail, begin_s, end_s, round(value, 2), round(bound, 2))
