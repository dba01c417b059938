"""Checks what is missing from a stream: frames by the stamps of those that came, ticks by their numbers."""

import statistics
from collections import deque
from collections.abc import Collection, Sequence

import numpy as np

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Heard, Span
from ros_wam.quality.finding import CheckName, Finding, Severity, graded
from ros_wam.quality.stretch import Stretch
from ros_wam.quality.ticks import Ticks
from ros_wam.record.gaps import Steps

_ENOUGH, _RECENT = 3, 15  # intervals whose median is the period of a stream that is slower than it should be


class DroppedFrames:
    """One topic. What comes steadily, but too slowly, is not missing: that is LowRate's."""

    def __init__(self, topic: str, rate_hz: float, bounds: Bounds, start_ns: int) -> None:
        self._topic, self._period_ns, self._bounds = topic, 1e9 / rate_hz, bounds
        self._hole_s = max(bounds.hole_s, bounds.hole_periods / rate_hz)
        self._intervals: deque[int] = deque(maxlen=_RECENT)
        self._late_ns: deque[int] = deque(maxlen=_RECENT)
        self._steps = Steps()
        self._stamp_ns: int | None = None
        self._receipt_ns = start_ns
        self._came = self._missing = 0
        self._worst: Stretch | None = None

    @property
    def topics(self) -> Collection[str]:
        """See MessageCheck."""
        return (self._topic,)

    def take(self, heard: Heard) -> None:
        """See MessageCheck."""
        stamp_ns = heard.receipt_ns if heard.stamp_ns is None else heard.stamp_ns
        if self._stamp_ns is None:
            self._missing += self._due_in(heard.receipt_ns - self._receipt_ns)
            self._hole(self._receipt_ns, heard.receipt_ns)
        else:
            self._follow(stamp_ns - self._stamp_ns, stamp_ns, heard.receipt_ns)
        self._came += 1
        self._late_ns.append(heard.receipt_ns - stamp_ns)
        self._stamp_ns, self._receipt_ns = stamp_ns, heard.receipt_ns

    def _follow(self, interval_ns: int, stamp_ns: int, receipt_ns: int) -> None:
        sooner_ns = min(self._late_ns) - (receipt_ns - stamp_ns)  # one that only waited was late, those before were not
        if interval_ns < 0 or sooner_ns > self._bounds.clock_step_s * 1e9:
            self._steps = Steps()  # the clock was set; that is ClockStep's
            self._late_ns.clear()
            return
        own_ns = statistics.median(self._intervals) if len(self._intervals) >= _ENOUGH else 0.0
        period_ns = max(self._period_ns, own_ns)
        missing = self._steps.take(interval_ns / period_ns) - 1
        self._missing += missing
        self._intervals.append(interval_ns)
        if missing > 0:
            self._hole(receipt_ns - interval_ns, receipt_ns)

    def _due_in(self, silence_ns: int) -> int:
        """Return how many did not come in a silence; short ones may be those of a batch."""
        return max(0, int(silence_ns / self._period_ns) - 1) if silence_ns > self._hole_s * 1e9 else 0

    def _hole(self, begin_ns: int, end_ns: int) -> None:
        self._worst = Stretch(begin_ns, end_ns, (end_ns - begin_ns) * 1e-9).worse(self._worst)

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        worst = Stretch(self._receipt_ns, span.end_ns, (span.end_ns - self._receipt_ns) * 1e-9).worse(self._worst)
        missing = max(0, self._missing + self._due_in(span.end_ns - self._receipt_ns))
        share = missing / max(self._bounds.least_for_share, self._came + missing)
        what = f"{missing} of {self._came + missing} frames"
        return _lost(self._topic, share, what, worst, span, self._hole_s, self._bounds.missing_share)


class DroppedTicks:
    """The control loop's ticks, which are numbered."""

    def __init__(self, bounds: Bounds, start_ns: int) -> None:
        self._bounds, self._sequence, self._stamp_ns = bounds, -1, start_ns
        self._came = self._missing = 0
        self._worst: Stretch | None = None

    def take(self, ticks: Ticks) -> None:
        """See TickCheck."""
        if self._sequence >= 0:
            self._missing += max(0, int(ticks.sequence[0]) - self._sequence - 1)
        stamps_ns = np.concatenate(([self._stamp_ns], ticks.stamp_ns))
        widest = int(np.diff(stamps_ns).argmax())
        begin_ns, end_ns = int(stamps_ns[widest]), int(stamps_ns[widest + 1])
        numbered = widest > 0 or int(ticks.sequence[0]) == self._sequence + 1
        if not numbered:  # a loop that is late leaves no number out; that is SlowLoop's
            self._worst = Stretch(begin_ns, end_ns, (end_ns - begin_ns) * 1e-9).worse(self._worst)
        self._came += len(ticks.sequence)
        self._sequence, self._stamp_ns = int(ticks.sequence[-1]), int(ticks.stamp_ns[-1])

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        worst = Stretch(self._stamp_ns, span.end_ns, (span.end_ns - self._stamp_ns) * 1e-9).worse(self._worst)
        due = self._came + self._missing
        share, what = self._missing / max(self._bounds.least_for_share, due), f"{self._missing} of {due} control ticks"
        return _lost("setpoints", share, what, worst, span, self._bounds.hole_s, self._bounds.missing_share)


def _lost(
    name: str, share: float, what: str, worst: Stretch, span: Span, hole_s: float, missing_share: tuple[float, float]
) -> Sequence[Finding]:
    begin_s, end_s = span.after_s(worst.begin_ns), span.after_s(worst.end_ns)
    longest = f"the longest time without one is {1e3 * worst.value:.0f} ms"
    if worst.value > hole_s:
        detail = f"{name}: {what} are missing; {longest} (at most {1e3 * hole_s:.0f} ms)"
        found = Severity.BAD, worst.value, hole_s
    else:
        grade = graded(share, missing_share)
        if grade is None:
            return ()
        detail = f"{name}: {what} ({share:.1%}) are missing (at most {grade[1]:.0%}); {longest}"
        found = grade[0], share, grade[1]
    severity, value, bound = found
    return (Finding(CheckName.DROPPED_FRAMES, severity, detail, begin_s, end_s, round(value, 4), bound),)
