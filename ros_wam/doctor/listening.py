"""Takes note of a station's messages, and makes figures of what came since `begin`."""

import math
import statistics
from collections.abc import Mapping, Sequence

from ros_wam.doctor.measured import Fault, Measured, Stream

ROBOT = "robot"
"""The name of the robot's own stream of states, beside those of the views."""


class Listening:
    """`began_ns` is None while the station is still being waited for."""

    def __init__(self, views: Sequence[str]) -> None:
        self._views = tuple(views)
        self.began_ns: int | None = None
        self._stamps: dict[str, int] = {}
        self._status: dict[str, str] = {}
        self._forget()

    def begin(self, now_ns: int) -> None:
        """Forget what came, and measure from now on."""
        self.began_ns = now_ns
        self._forget()

    def missing(self) -> list[str]:
        """Return what has not been heard of yet, in words; a robot that is not connected is not heard of."""
        lacking = [f"pictures of {view}" for view in self._views if view not in self._stamps]
        return lacking + (["the robot's state"] if ROBOT not in self._stamps else [])

    def came(self, stream: str, stamp_ns: int, now_ns: int) -> None:
        """Note a picture of a view or a state of ROBOT; one that is not newer than the last is none."""
        if stamp_ns <= self._stamps.get(stream, -1):
            return
        if stream != ROBOT:
            self._note_skew(now_ns)
        self._stamps[stream] = stamp_ns
        self._count[stream] = self._count.get(stream, 0) + 1
        self._delay_ns[stream] = min(now_ns - stamp_ns, self._delay_ns.get(stream, now_ns - stamp_ns))

    def weighed(self, size: int) -> None:
        """Note the bytes of one message."""
        self._bytes += size

    def camera_said(self, view: str, trouble: str, facts: Mapping[str, str] | None = None) -> None:
        """Note what a camera's node says: what is wrong with it, empty if nothing, and what it knows of its device."""
        troubles = self._troubles.setdefault(view, {})
        self._facts[view] = dict(facts or {})
        if trouble:
            troubles.setdefault(trouble)

    def control_said(self, values: Mapping[str, str]) -> None:
        """Note one `safety_status` of the robot."""
        self._status = dict(values)
        self._modes.setdefault(values.get("mode", ""))
        if values.get("cause"):
            times, _ = self._faults.get(values["cause"], (0, ""))
            self._faults[values["cause"]] = times + 1, values.get("detail", "")
        self._enabled.append(values.get("enabled") == "true")
        self._ages_ms.append(float(values.get("state_age_ms") or math.inf))

    def figures(self, now_ns: int) -> Measured:
        """Return what has come since `begin`; the policy is not asked yet."""
        duration_s = (now_ns - (self.began_ns or 0)) * 1e-9
        said = max(len(self._enabled), 1)
        age_ms = statistics.median(self._ages_ms) if self._ages_ms else math.inf
        return Measured(
            views={view: self._stream(view, duration_s) for view in self._views},
            skew_ms=self._skew_ms(),
            state=self._stream(ROBOT, duration_s),
            state_age_ms=age_ms if math.isfinite(age_ms) else None,
            status=self._status,
            modes=tuple(self._modes),
            faults={cause: Fault(times / said, detail) for cause, (times, detail) in self._faults.items()},
            enabled=sum(self._enabled) / said,
            bytes_per_s=self._bytes / duration_s,
        )

    def _forget(self) -> None:
        self._count: dict[str, int] = {}
        self._delay_ns: dict[str, int] = {}
        self._skews_ns: list[tuple[int, int]] = []
        self._skewed_ns: int | None = None
        self._troubles: dict[str, dict[str, None]] = {}
        self._facts: dict[str, dict[str, str]] = {}
        self._modes: dict[str, None] = {}
        self._faults: dict[str, tuple[int, str]] = {}
        self._enabled: list[bool] = []
        self._ages_ms: list[float] = []
        self._bytes = 0

    def _note_skew(self, now_ns: int) -> None:
        """Note how far apart the newest pictures of all views have been, and for how long, until another comes now."""
        if self._skewed_ns is not None and len(self._views) > 1 and all(view in self._stamps for view in self._views):
            stamps = [self._stamps[view] for view in self._views]
            self._skews_ns.append((max(stamps) - min(stamps), now_ns - self._skewed_ns))
        self._skewed_ns = now_ns

    def _skew_ms(self) -> float | None:
        """Return what the newest pictures were apart for half of the time or longer, at most; None if none came."""
        left_ns = sum(lasted_ns for _, lasted_ns in self._skews_ns) / 2
        for skew_ns, lasted_ns in sorted(self._skews_ns):
            left_ns -= lasted_ns
            if left_ns <= 0:
                return skew_ns * 1e-6
        return None

    def _stream(self, name: str, duration_s: float) -> Stream:
        delay_ns = self._delay_ns.get(name)
        rate_hz = self._count.get(name, 0) / duration_s
        delay_ms = None if delay_ns is None else delay_ns * 1e-6
        troubles, facts = tuple(self._troubles.get(name, ())), self._facts.get(name, {})
        return Stream(rate_hz, delay_ms, troubles, name in self._troubles, facts)
