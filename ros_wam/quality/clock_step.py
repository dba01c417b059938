"""Checks that stamps go on as time does: neither back, nor away from when the messages come."""

from collections.abc import Collection, Sequence

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Heard, Span
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.stretch import Stretch


class ClockStep:
    """One topic with stamps. What is late keeps its stamp and only waits: of each window the least late one counts."""

    def __init__(self, topic: str, bounds: Bounds) -> None:
        self._topic, self._bounds = topic, bounds
        self._window_ns = round(bounds.clock_window_s * 1e9)
        self._stamp_ns: int | None = None
        self._back: Stretch | None = None
        self._begin_ns: int | None = None
        self._least_ns = 0
        self._before: int | None = None
        self._step: Stretch | None = None

    @property
    def topics(self) -> Collection[str]:
        """See MessageCheck."""
        return (self._topic,)

    def take(self, heard: Heard) -> None:
        """See MessageCheck."""
        stamp_ns, now_ns = heard.stamp_ns, heard.receipt_ns
        if stamp_ns is None or stamp_ns == self._stamp_ns:  # what is repeated tells nothing; that is FrozenCamera's
            return
        if self._stamp_ns is not None and stamp_ns < self._stamp_ns:
            self._back = Stretch(now_ns, now_ns, (self._stamp_ns - stamp_ns) * 1e-9).worse(self._back)
        self._stamp_ns = stamp_ns
        late_ns = now_ns - stamp_ns
        if self._begin_ns is None:
            self._begin_ns, self._least_ns = now_ns, late_ns
        elif now_ns - self._begin_ns < self._window_ns:
            self._least_ns = min(self._least_ns, late_ns)
        else:
            self._close(now_ns)
            self._begin_ns, self._least_ns = now_ns, late_ns

    def _close(self, now_ns: int) -> None:
        step = self._stepped(now_ns)
        if step is not None:
            self._step = step.worse(self._step)
        self._before = self._least_ns

    def _stepped(self, now_ns: int) -> Stretch | None:
        """Return by how much the stamps moved from the window before to this one, if that is too much."""
        if self._before is None or self._begin_ns is None:
            return None
        step_s = abs(self._least_ns - self._before) * 1e-9
        return Stretch(self._begin_ns, now_ns, step_s) if step_s > self._bounds.clock_step_s else None

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        last = self._stepped(span.end_ns) if span.ended else None
        step = self._step if last is None else last.worse(self._step)
        if self._back is not None:
            worst, detail, bound = self._back, f"the stamps go back by {1e3 * self._back.value:.1f} ms", 0.0
        elif step is not None:
            worst, bound = step, self._bounds.clock_step_s
            detail = f"the stamps step by {1e3 * step.value:.0f} ms against time (at most {1e3 * bound:.0f} ms)"
        else:
            return ()
        where = span.after_s(worst.begin_ns), span.after_s(worst.end_ns)
        detail = f"{self._topic}: {detail}"
        return (Finding(CheckName.CLOCK_STEP, Severity.BAD, detail, *where, round(worst.value, 6), bound),)
