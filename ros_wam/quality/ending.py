"""Checks of what can be said only at the end: whether there is enough, and whether someone said how it went."""

from collections.abc import Sequence

import numpy as np

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Span
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.ticks import Ticks


class TooShort:
    """How long a policy or a person had the robot."""

    def __init__(self, rate_hz: float, bounds: Bounds) -> None:
        self._rate_hz, self._bounds = rate_hz, bounds
        self._driven = 0

    def take(self, ticks: Ticks) -> None:
        """See TickCheck."""
        self._driven += int(np.count_nonzero(ticks.driven))

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        driven_s, least_s = self._driven / self._rate_hz, self._bounds.shortest_s
        if not span.ended or driven_s >= least_s:
            return ()
        detail = f"the robot was driven for {driven_s:.1f} s (at least {least_s:g} s)"
        return (Finding(CheckName.TOO_SHORT, Severity.BAD, detail, 0.0, span.seconds, round(driven_s, 3), least_s),)


class UnmarkedSuccess:
    """Whether the operator, or who else scores, has said that it was a success or a failure, as its trial tells."""

    def __init__(self, marked: bool) -> None:
        self._marked = marked

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        if not span.ended or self._marked:
            return ()
        detail = "nobody marked it as a success or as a failure"
        return (Finding(CheckName.UNMARKED_SUCCESS, Severity.WARN, detail, span.seconds, span.seconds, 0.0, 1.0),)
