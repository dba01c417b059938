"""Checks that pictures of different views that are there at one moment show one moment."""

from collections.abc import Collection, Mapping, Sequence

from ros_wam.quality.bounds import Bounds
from ros_wam.quality.check import Heard, Span
from ros_wam.quality.finding import CheckName, Finding, graded
from ros_wam.quality.stretch import Stretch
from ros_wam.topics import image_topic

_STEADY = 1.5  # periods: after a longer interval a picture is missing, which is no skew


class ViewSkew:
    """All views. What an observation of the newest pictures would be refused for, at the worst moment of each period:
    just before a view's next picture.
    """

    def __init__(self, rates_hz: Mapping[str, float], bounds: Bounds) -> None:
        """`rates_hz`: the views and how often their pictures come."""
        self._views = {image_topic(view): view for view in rates_hz}
        self._bounds = bounds
        self._period_ns = round(1e9 / min(rates_hz.values())) if rates_hz else 0
        self._most_ns = self._period_ns + round(bounds.skew_margin_s * 1e9)
        self._newest: dict[str, int] = {}
        self._compared = self._skewed = 0
        self._first_ns = self._last_ns = 0
        self._worst: Stretch | None = None
        self._pair = ("", "")

    @property
    def topics(self) -> Collection[str]:
        """See MessageCheck."""
        return tuple(self._views)

    def take(self, heard: Heard) -> None:
        """See MessageCheck."""
        view, stamp_ns = self._views[heard.topic], heard.stamp_ns or heard.receipt_ns
        before_ns = self._newest.get(view)
        self._newest[view] = stamp_ns
        if before_ns is None or not 0 < stamp_ns - before_ns <= _STEADY * self._period_ns or len(self._newest) < 2:
            return
        newest_ns, other = max((other_ns, name) for name, other_ns in self._newest.items() if name != view)
        self._compared += 1
        if newest_ns - before_ns > self._most_ns:
            self._first_ns = heard.receipt_ns if self._skewed == 0 else self._first_ns
            self._skewed, self._last_ns = self._skewed + 1, heard.receipt_ns
            skew = Stretch(heard.receipt_ns, heard.receipt_ns, (newest_ns - before_ns) * 1e-9)
            if skew.worse(self._worst) is skew:
                self._worst, self._pair = skew, (view, other)

    def findings(self, span: Span) -> Sequence[Finding]:
        """See Check."""
        share = self._skewed / max(self._bounds.least_for_share, self._compared)
        grade = graded(share, self._bounds.skewed_share)
        if grade is None or self._worst is None:
            return ()
        severity, most = grade
        older, newer = self._pair
        detail = (
            f"{older} is up to {1e3 * self._worst.value:.0f} ms behind {newer} (at most "
            f"{self._most_ns * 1e-6:.0f} ms); {share:.1%} of the pictures are too far from "
            f"those of another view (at most {most:.0%})"
        )
        where = span.after_s(self._first_ns), span.after_s(self._last_ns)
        return (
            Finding(CheckName.VIEW_SKEW, severity, detail, *where, round(self._worst.value, 4), self._most_ns * 1e-9),
        )
