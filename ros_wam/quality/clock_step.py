"""Checks that stamps go on as time does: neither back, nor away from when the messages come."""

from collections import deque
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Heard, Span
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.stretch import Stretch

_WINDOWS = 4
"""A machine that is busy makes all messages late for a second; what is late for so many windows was set back."""


class _Window(NamedTuple):
    begin_ns: int
    least_ns: int


class ClockStep:
    """One topic with stamps. What is late keeps its stamp and only waits: of each window the least late one counts.

    Nothing comes sooner than it can: stamps that are less late than in all windows before have been set forward.
    """

    def __init__(self, topic: str, bounds: Bounds) -> None:
        self._topic, self._most_s = topic, bounds.clock_step_s
        self._window_ns = round(bounds.clock_window_s * 1e9)
        self._stamp_ns: int | None = None
        self._back: Stretch | None = None
        self._window: _Window | None = None
        self._before: deque[_Window] = deque(maxlen=2 * _WINDOWS - 1)
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
        if self._window is not None and now_ns - self._window.begin_ns < self._window_ns:
            self._window = self._window._replace(least_ns=min(self._window.least_ns, late_ns))
            return
        if self._window is not None:
            self._close(self._window, now_ns)
        self._window = _Window(now_ns, late_ns)

    def _close(self, window: _Window, now_ns: int) -> None:
        step = self._stepped(window, now_ns)
        if step is not None:
            self._step = step.worse(self._step)
            self._before.clear()
        self._before.append(window)

    def _stepped(self, window: _Window, now_ns: int) -> Stretch | None:
        """Return by how much the stamps have moved against the windows before, if that is too much."""
        windows = [*self._before, window]
        for begin in (len(windows) - 1, len(windows) - _WINDOWS):  # sooner in the last one, later in several
            if begin < 1:
                continue
            old_ns, new_ns = (min(each.least_ns for each in some) for some in (windows[:begin], windows[begin:]))
            step_s = (old_ns - new_ns if begin == len(windows) - 1 else new_ns - old_ns) * 1e-9
            if step_s > self._most_s:
                return Stretch(windows[begin].begin_ns, now_ns, step_s)
        return None

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        last = self._stepped(self._window, span.end_ns) if span.ended and self._window is not None else None
        step = self._step if last is None else last.worse(self._step)
        if self._back is not None:
            worst, detail, bound = self._back, f"the stamps go back by {1e3 * self._back.value:.1f} ms", 0.0
        elif step is not None:
            worst, bound = step, self._most_s
            detail = f"the stamps step by {1e3 * step.value:.0f} ms against time (at most {1e3 * bound:.0f} ms)"
        else:
            return ()
        where = span.after_s(worst.begin_ns), span.after_s(worst.end_ns)
        detail = f"{self._topic}: {detail}"
        return (Finding(CheckName.CLOCK_STEP, Severity.BAD, detail, *where, round(worst.value, 6), bound),)
