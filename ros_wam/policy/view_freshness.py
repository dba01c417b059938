"""How old the newest picture of each view is now, and how far apart they are: what an operator is shown live."""

from collections.abc import Mapping
from dataclasses import dataclass

from ros_wam.policy.profile import Freshness


@dataclass(frozen=True)
class ViewsNow:
    """The newest pictures at one instant [ms], rounded; None for a view without a picture, and for less than two views.

    `trouble`: why no observation could be built of them, in words; empty where it could.
    """

    age_ms: Mapping[str, float | None]
    skew_ms: float | None
    trouble: str

    def as_json(self) -> dict[str, object]:
        """Return what `trial_event` carries as `freshness`."""
        return {"age_ms": dict(self.age_ms), "skew_ms": self.skew_ms, "trouble": self.trouble}


class ViewFreshness:
    """Told the stamp of every picture. The verdict is that of ObservationBuilder, which judges a policy's pictures."""

    def __init__(self, rates_hz: Mapping[str, float], freshness: Freshness) -> None:
        """`rates_hz`: of the views that are wanted; pictures of others are not looked at."""
        self._max_age_ms = 1e3 * freshness.max_age_s
        self._margin_ms = 1e3 * freshness.skew_margin_s
        self._max_skew_ms = 1e3 / min(rates_hz.values()) + self._margin_ms if rates_hz else 0.0
        self._stamps_ns: dict[str, int | None] = dict.fromkeys(rates_hz)

    def saw(self, view: str, stamp_ns: int) -> None:
        """Note the newest picture of `view`."""
        if view in self._stamps_ns:
            self._stamps_ns[view] = stamp_ns

    def now(self, now_ns: int) -> ViewsNow:
        """Return ages, skew and what is wrong with them at `now_ns`."""
        stamps_ns = dict(self._stamps_ns)
        come_ns = [stamp_ns for stamp_ns in stamps_ns.values() if stamp_ns is not None]
        age_ms = {view: None if at is None else (now_ns - at) * 1e-6 for view, at in stamps_ns.items()}
        complete = len(come_ns) == len(stamps_ns)
        skew_ms = (max(come_ns) - min(come_ns)) * 1e-6 if complete and len(come_ns) > 1 else None
        rounded = {view: None if age is None else round(age, 1) for view, age in age_ms.items()}
        return ViewsNow(rounded, None if skew_ms is None else round(skew_ms, 1), self._trouble(age_ms, skew_ms))

    def _trouble(self, age_ms: Mapping[str, float | None], skew_ms: float | None) -> str:
        for view, age in age_ms.items():
            if age is None:
                return f"{view} has sent no picture yet"
            if age > self._max_age_ms:
                return f"{view} is {age:.0f} ms old, at most {self._max_age_ms:.0f} ms"
            if age < -self._margin_ms:
                return f"{view} is from {-age:.0f} ms in the future, at most {self._margin_ms:.0f} ms"
        if skew_ms is not None and skew_ms > self._max_skew_ms:
            return f"views are {skew_ms:.0f} ms apart, at most {self._max_skew_ms:.0f} ms"
        return ""
