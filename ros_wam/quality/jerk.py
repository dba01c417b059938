"""Checks that the motion was smooth: the jerk of what was sent, against the robot's limits."""

from collections.abc import Sequence

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Span
from ros_wam.quality.finding import CheckName, Finding, Severity
from ros_wam.quality.stretch import Stretch
from ros_wam.quality.ticks import Ticks
from ros_wam.savitzky_golay import third_derivative_weights
from ros_wam.types import FloatArray


class Jerk:
    """Of the arm joints while a policy or a person had the robot. A HOLD stops harder than a planner may, and no fit
    goes across one, nor across ticks that are missing.
    """

    def __init__(self, embodiment: Embodiment, bounds: Bounds) -> None:
        self._arm, self._bounds = ~embodiment.is_gripper, bounds
        self._limit = embodiment.jerk[self._arm]
        self._weights = third_derivative_weights(bounds.jerk_window_s, embodiment.control_rate_hz)
        self._kept: FloatArray = np.zeros((0, len(self._limit)))
        self._sequence = -1
        self._squares: FloatArray = np.zeros(len(self._limit))
        self._count = 0
        self._peak: Stretch | None = None

    def take(self, ticks: Ticks) -> None:
        """See TickCheck."""
        sent = ticks.sent[:, self._arm]
        smooth = ticks.driven & ~ticks.held & np.isfinite(sent).all(axis=1)
        follows = np.diff(ticks.sequence, prepend=self._sequence) == 1
        self._sequence = int(ticks.sequence[-1])
        breaks = np.flatnonzero(~(smooth & follows))
        for begin, end in zip([0, *breaks.tolist()], [*breaks.tolist(), len(sent)], strict=True):
            if begin in breaks:
                self._kept = self._kept[:0]
            rows = slice(begin + (not smooth[begin]), end) if end > begin else slice(0, 0)
            self._fit(sent[rows], ticks.stamp_ns[rows])

    def _fit(self, sent: FloatArray, stamps_ns: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        rows = np.concatenate((self._kept, sent))
        self._kept = rows[max(0, len(rows) - len(self._weights) + 1) :]
        if len(rows) < len(self._weights):
            return
        share = np.lib.stride_tricks.sliding_window_view(rows, len(self._weights), axis=0) @ self._weights / self._limit
        self._squares += (share**2).sum(axis=0)
        self._count += len(share)
        worst = np.abs(share).max(axis=1)
        at_ns = int(stamps_ns[int(worst.argmax()) - len(worst)])
        half_ns = round(self._bounds.jerk_window_s * 0.5e9)
        self._peak = Stretch(at_ns - 2 * half_ns, at_ns, float(worst.max())).worse(self._peak)

    @property
    def rms_share(self) -> float:
        """The root of the mean square of the joint that is worst, as a share of its limit."""
        return float(np.sqrt(self._squares.max() / self._count)) if self._count else 0.0

    @property
    def peak_share(self) -> float:
        """The largest of all joints, as a share of its limit."""
        return 0.0 if self._peak is None else self._peak.value

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        if self._peak is None:
            return ()
        found, bounds = [], self._bounds
        if self.peak_share > bounds.jerk_peak_share:
            where = span.after_s(self._peak.begin_ns), span.after_s(self._peak.end_ns)
            detail = f"the largest jerk sent is {self.peak_share:.2f} of the limit (at most {bounds.jerk_peak_share:g})"
            value = round(self.peak_share, 3)
            found.append(Finding(CheckName.JERK, Severity.BAD, detail, *where, value, bounds.jerk_peak_share))
        if self.rms_share > bounds.jerk_rms_share:
            detail = (
                f"the jerk sent is {self.rms_share:.2f} of the limit all along, RMS (at most {bounds.jerk_rms_share:g})"
            )
            where, value = (0.0, span.seconds), round(self.rms_share, 3)
            found.append(Finding(CheckName.JERK, Severity.WARN, detail, *where, value, bounds.jerk_rms_share))
        return found
