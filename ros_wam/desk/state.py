"""What a desk knows: the newest progress of the trial, the newest picture of each view, the robot's safety status."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ros_wam.desk.command import CAPTURE, FIELDS
from ros_wam.policy.profile import Freshness
from ros_wam.trial.score_sheet import FAILURE_CLASSES

SILENT_S = 2.0
"""Who has said nothing for so long is not there: the trial tells four times a second how it does, the robot ten."""


@dataclass(frozen=True)
class Picture:
    """A JPEG as it came, and when it was taken [station time]."""

    stamp_ns: int
    jpeg: bytes


class DeskState:
    """Told by one thread, asked by others.

    `rates_hz` is what each view's camera delivers, the main view first; `freshness` what a policy would be shown.
    """

    def __init__(self, rates_hz: Mapping[str, float], freshness: Freshness) -> None:
        self.views = tuple(rates_hz)
        self._most_age_ms = 1e3 * freshness.max_age_s
        self._most_skew_ms = 1e3 * (1.0 / min(rates_hz.values(), default=1.0) + freshness.skew_margin_s)
        self._lock = threading.Lock()
        self._progress: Mapping[str, Any] = {}
        self._safety: Mapping[str, str] = {}
        self._pictures: dict[str, Picture] = {}
        self._told_ns: int | None = None
        self._safety_ns: int | None = None
        self._count = 0

    @property
    def scene(self) -> int | None:
        """The number of the scene to lay out, from 1; None before a trial has said it."""
        index = self._progress.get("index")
        return index if isinstance(index, int) and not isinstance(index, bool) and index > 0 else None

    def progress(self, event: Mapping[str, Any], now_ns: int) -> None:
        """Note what the trial says of itself."""
        with self._lock:
            self._progress, self._told_ns = dict(event), now_ns
            self._count += 1

    def safety(self, values: Mapping[str, str], now_ns: int) -> None:
        """Note the values of `safety_status`."""
        with self._lock:
            self._safety, self._safety_ns = dict(values), now_ns

    def picture(self, view: str, stamp_ns: int, jpeg: bytes) -> None:
        """Keep the newest picture of a view; one that is older than what is kept is not."""
        with self._lock:
            kept = self._pictures.get(view)
            if view in self.views and (kept is None or stamp_ns >= kept.stamp_ns):
                self._pictures[view] = Picture(stamp_ns, jpeg)

    def newest(self, view: str) -> Picture | None:
        """Return the newest picture of a view, None before one came."""
        with self._lock:
            return self._pictures.get(view)

    def missing_for_reference(self, now_ns: int) -> str | None:
        """Return why the pictures of now are none to lay a scene out by, or None."""
        if self.scene is None:
            return "no trial has said which scene this is"
        fresh = self._ages_ms(now_ns)
        stale = [view for view in self.views if not 0.0 <= fresh.get(view, -1.0) <= 1e3]
        return f"no picture of the last second from {', '.join(stale)}" if stale else None

    def snapshot(self, now_ns: int) -> dict[str, Any]:
        """Return all there is to show, in JSON types."""
        with self._lock:
            event, told_ns, count = dict(self._progress), self._told_ns, self._count
            safety = self._safety if _is_there(self._safety_ns, now_ns) else {}
        live = _is_there(told_ns, now_ns)
        ages = self._ages_ms(now_ns)
        return {
            "trial": event,
            "failure_classes": list(FAILURE_CLASSES),
            "count": count,
            "live": live,
            "silent_s": None if told_ns is None else round((now_ns - told_ns) * 1e-9, 1),
            "mode": _said(safety, "mode") or event.get("mode"),
            "cause": _said(safety, "cause"),
            "cause_detail": _said(safety, "detail"),
            "can": self._can(event) if live else [],
            "views": list(self.views),
            "scene": self.scene,
            "age_ms": {view: ages.get(view) for view in self.views},
            "max_age_ms": round(self._most_age_ms, 1),
            "skew_ms": _skew_ms(event, ages),
            "max_skew_ms": round(self._most_skew_ms, 1),
        }

    def _can(self, event: Mapping[str, Any]) -> list[str]:
        allowed = event.get("can") or ()
        own = [CAPTURE] if self.scene is not None and event.get("state") in ("resetting", "ready") else []
        return [verb for verb in FIELDS if verb in allowed] + own

    def _ages_ms(self, now_ns: int) -> dict[str, float]:
        with self._lock:
            return {view: round((now_ns - kept.stamp_ns) * 1e-6, 1) for view, kept in self._pictures.items()}


def _is_there(told_ns: int | None, now_ns: int) -> bool:
    return told_ns is not None and (now_ns - told_ns) * 1e-9 <= SILENT_S


def _said(safety: Mapping[str, str], name: str) -> str | None:
    """Return a value that was said and is not nothing."""
    return safety.get(name) or None


def _skew_ms(event: Mapping[str, Any], ages: Mapping[str, float]) -> float | None:
    """Return how far apart the views are: as the trial measured it, else of the pictures that are here."""
    told = event.get("skew_ms")
    if isinstance(told, (int, float)):
        return float(told)
    return round(max(ages.values()) - min(ages.values()), 1) if len(ages) > 1 else None
