"""Checks that the robot begins to move soon after the start, and that the end comes soon after it has come to rest."""

from collections.abc import Sequence

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Span
from ros_wam.quality.finding import CheckName, Finding, graded
from ros_wam.quality.ticks import Ticks
from ros_wam.types import FloatArray


class Idle:
    """A joint has moved once it is farther from where it was than it trembles, a gripper's fingers likewise."""

    def __init__(self, embodiment: Embodiment, bounds: Bounds) -> None:
        self._bounds = bounds
        self._moved = np.where(embodiment.is_gripper, bounds.moved_gripper, bounds.moved_rad)
        self._rest: FloatArray | None = None
        self._first_ns: int | None = None
        self._last_ns = 0

    def take(self, ticks: Ticks) -> None:
        """See TickCheck."""
        positions = np.where(np.isnan(ticks.measured), ticks.sent, ticks.measured)
        known = np.isfinite(positions).all(axis=1)
        if self._rest is None and known.any():
            self._rest = positions[known][0]
        if self._rest is None or not (np.abs(positions - self._rest) > self._moved).any():
            return
        for position, stamp_ns in zip(positions[known], ticks.stamp_ns[known].tolist(), strict=True):
            if (np.abs(position - self._rest) > self._moved).any():
                self._rest, self._last_ns = position, stamp_ns
                self._first_ns = stamp_ns if self._first_ns is None else self._first_ns

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        if self._first_ns is None:
            return _idle(
                CheckName.IDLE_HEAD, "the robot has not moved at all", span, span.start_ns, span.end_ns, self._bounds
            )
        head = "the robot did not move at the beginning"
        tail = "the robot did not move at the end" if span.ended else "the robot does not move"
        return [
            *_idle(CheckName.IDLE_HEAD, head, span, span.start_ns, self._first_ns, self._bounds),
            *_idle(CheckName.IDLE_TAIL, tail, span, self._last_ns, span.end_ns, self._bounds),
        ]


def _idle(check: CheckName, what: str, span: Span, begin_ns: int, end_ns: int, bounds: Bounds) -> Sequence[Finding]:
    idle_s = (end_ns - begin_ns) * 1e-9
    grade = graded(idle_s, bounds.idle_s)
    if grade is None:
        return ()
    severity, most_s = grade
    detail = f"{what} for {idle_s:.1f} s (at most {most_s:g} s)"
    return (Finding(check, severity, detail, span.after_s(begin_ns), span.after_s(end_ns), round(idle_s, 3), most_s),)
