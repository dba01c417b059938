"""The control loop as its supervisor sees it: takes messages, ticks, and tells what was done."""

from collections import Counter
from typing import Any

from ros_wam.causes import Cause, Limit
from ros_wam.errors import ChunkRefused, DriverError, ModeRefused, SpecError
from ros_wam.motion.link import Link, pack_record, unpack_chunk
from ros_wam.motion.loop import ControlLoop
from ros_wam.motion.pace import Pace
from ros_wam.topics import SETPOINT_BATCH_S
from ros_wam.types import Command, Mode, StepRecord

STATUS_PERIOD_NS = 100_000_000
REQUEST_MAX_AGE_NS = 300_000_000
BATCH_NS = round(SETPOINT_BATCH_S * 1e9)


class ControlService:
    """Between a `ControlLoop` and a `Link`; `realtime` is what the operating system granted."""

    def __init__(self, loop: ControlLoop, link: Link, pace: Pace, realtime: str) -> None:
        self._loop, self._link, self._pace, self._realtime = loop, link, pace, realtime
        self._records: list[Any] = []
        self._batch_due_ns = self._status_ns = 0
        self._interventions: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._mode: Mode | None = None

    def cycle(self, now_ns: int) -> None:
        """Take what has come, tick once, and tell."""
        for kind, content in self._link.receive():
            self._take(kind, content, now_ns)
        now_ns = self._pace.begin()  # to do what was asked may have taken seconds
        record = self._loop.tick(now_ns, self._pace.due_ns)
        self._tell(record, now_ns)

    def _take(self, kind: str, content: Any, now_ns: int) -> None:
        if kind == "enable":
            held, stamp_ns = content
            if held:
                self._loop.enable(min(stamp_ns, now_ns))
            else:
                self._loop.disable()
        elif kind == "request":
            number, verb, stamp_ns = content
            self._link.send("answer", [number, *self._answer(verb, stamp_ns, now_ns)])
        elif kind in ("chunk", "teleop"):
            self._follow(kind, content, now_ns)

    def _follow(self, kind: str, content: Any, now_ns: int) -> None:
        try:
            if kind == "chunk":
                followed = self._loop.accept(unpack_chunk(content), now_ns)
                self._counts["accepted"] += 1
                self._counts["reanchored"] += followed.reanchored
            else:
                self._loop.teleoperate(Command(*content), now_ns)
        except (ChunkRefused, SpecError) as error:
            self._counts["refused"] += 1
            self._link.send("refused", str(error))

    def _answer(self, verb: str, stamp_ns: int, now_ns: int) -> tuple[bool, str]:
        """Do what was asked, unless it waited so long that who asked was told that it is not done."""
        age_ns = now_ns - stamp_ns
        if age_ns > REQUEST_MAX_AGE_NS and verb != "hold":
            return False, f"{verb} was asked {age_ns * 1e-9:.1f} s ago"
        return self._do(verb, now_ns)

    def _do(self, verb: str, now_ns: int) -> tuple[bool, str]:
        try:
            if verb == "recover":
                try:
                    self._loop.recover()
                finally:
                    self._pace.restart()
            elif verb == "home":
                self._loop.home(now_ns)
            else:
                self._loop.set_mode(Mode[verb.upper()], now_ns)
        except (ModeRefused, DriverError) as error:
            return False, str(error)
        return True, self._loop.mode.value

    def _tell(self, record: StepRecord, now_ns: int) -> None:
        self._records.append(pack_record(record))
        for item in record.verdict.interventions:
            if item.limit is not Limit.HOLD:
                self._interventions[item.limit.name or ""] += 1
        if now_ns >= self._batch_due_ns:
            self._batch_due_ns += BATCH_NS
            if self._batch_due_ns <= now_ns:
                self._batch_due_ns = now_ns + BATCH_NS
            self._link.send("records", self._records)
            self._records = []
        if now_ns - self._status_ns >= STATUS_PERIOD_NS or self._loop.mode is not self._mode:
            self._status_ns, self._mode = now_ns, self._loop.mode
            self._link.send("status", self._status(record, now_ns))

    def _status(self, record: StepRecord, now_ns: int) -> dict[str, Any]:
        loop, state = self._loop, record.state
        return {
            "mode": loop.mode.value,
            "cause": None if loop.cause is None else loop.cause.value,
            "detail": loop.detail,
            "gate": "open" if record.verdict.cause is None else record.verdict.cause.value,
            "state_age_ms": None if state is None else round(max(now_ns - state.stamp_ns, 0) * 1e-6, 3),
            "enabled": loop.is_enabled(now_ns),
            "at_home": loop.at_home,
            "interventions": dict(self._interventions),
            "chunks": {name: self._counts[name] for name in ("accepted", "reanchored", "refused")},
            "late_ms": vars(self._pace.lateness_ms()),
            "missed_ticks": self._pace.missed,
            "dropped_messages": self._link.dropped,
            "realtime": self._realtime,
        }


def waiting_status(cause: Cause, detail: str) -> dict[str, Any]:
    """Return the status of a robot that no control loop moves yet, or any more."""
    return {"mode": Mode.FAULT.value, "cause": cause.value, "detail": detail, "enabled": False, "at_home": False}
