"""What the control process tells: every tick in batches, its status at once when it changes, or every 100 ms."""

from collections import Counter
from typing import Any

import numpy as np

from ros_wam.causes import Cause, Limit, RefusalReason
from ros_wam.followed import Followed
from ros_wam.motion.link import Link, pack_record
from ros_wam.motion.loop import ControlLoop
from ros_wam.motion.pace import Pace
from ros_wam.motion.status import LoopStatus
from ros_wam.topics import SETPOINT_BATCH_S
from ros_wam.types import ActionChunk, Mode, StepRecord

BATCH_NS = round(SETPOINT_BATCH_S * 1e9)


class ControlReport:
    """Tells over `link` what the loop did; `realtime` is what the operating system granted."""

    def __init__(self, loop: ControlLoop, link: Link, pace: Pace, realtime: str) -> None:
        self._loop, self._link, self._pace, self._realtime = loop, link, pace, realtime
        self._records: list[Any] = []
        self._batch_due_ns = 0
        self._loop_status = LoopStatus(loop)
        self._interventions: Counter[str] = Counter()
        self._chunks: Counter[str] = Counter(accepted=0, reanchored=0, refused=0)
        self._refusals: Counter[str] = Counter()
        self._awaited: tuple[ActionChunk, int] | None = None
        self._followed: Followed | None = None
        self._told: Followed | None = None

    def accepted(self, chunk: ActionChunk, handed_ns: int) -> None:
        """Note a chunk that will be followed, and when it was handed to this process."""
        self._chunks["accepted"] += 1
        self._chunks["reanchored"] += chunk.reanchored
        self._awaited = chunk, handed_ns

    def refused(self, reason: RefusalReason, detail: str) -> None:
        """Tell that a chunk or a leader's command will not be followed."""
        self._chunks["refused"] += 1
        self._refusals[reason.value] += 1
        self._link.send("refused", detail)

    def tell(self, record: StepRecord, now_ns: int) -> None:
        """Tell of one tick, which has just been done."""
        self._records.append(pack_record(record))
        for item in record.verdict.interventions:
            if item.limit is not Limit.HOLD:
                self._interventions[item.limit.name or ""] += 1
        if self._awaited is not None:
            self._note_first_setpoint(*self._awaited, record)
        self._loop_status.take(record)
        says = self._loop_status.due(now_ns) or self._followed != self._told
        if says:
            self._told = self._followed
            self._link.send("status", self._status(record, now_ns))
        if now_ns >= self._batch_due_ns + (BATCH_NS if says else 0):  # both in one tick would make the next one late
            self._send_batch(now_ns)

    def _send_batch(self, now_ns: int) -> None:
        self._batch_due_ns += BATCH_NS
        if self._batch_due_ns <= now_ns:
            self._batch_due_ns = now_ns + BATCH_NS
        self._link.send("records", self._records)
        self._records = []

    def _note_first_setpoint(self, chunk: ActionChunk, handed_ns: int, record: StepRecord) -> None:
        origin = None if record.target is None else record.target.provenance
        if origin is None or (origin.inference_id, origin.chunk_id) != (chunk.inference_id, chunk.chunk_id):
            return
        if record.verdict.cause is not None or not np.isfinite(record.sent.position).all():
            return
        due_ns, sent_ns = self._pace.due_ns, self._pace.now_ns()
        self._followed = Followed(chunk.inference_id, chunk.chunk_id, handed_ns, due_ns, sent_ns)
        self._awaited = None

    def _status(self, record: StepRecord, now_ns: int) -> dict[str, Any]:
        loop, state = self._loop, record.state
        return {
            **self._loop_status.say(now_ns),
            "gate": "open" if record.verdict.cause is None else record.verdict.cause.value,
            "state_age_ms": None if state is None else round(max(now_ns - state.stamp_ns, 0) * 1e-6, 3),
            "enabled": loop.is_enabled(now_ns),
            "at_home": loop.at_home,
            "interventions": dict(self._interventions),
            "chunks": dict(self._chunks),
            "refusals": dict(self._refusals),
            "followed": None if self._followed is None else self._followed.as_json(),
            "late_ms": vars(self._pace.lateness_ms()),
            "missed_ticks": self._pace.missed,
            "dropped_messages": self._link.dropped,
            "realtime": self._realtime,
            "driver": loop.facts(),
        }


def waiting_status(cause: Cause, detail: str) -> dict[str, Any]:
    """Return the status of a robot that no control loop moves yet, or any more."""
    return {"mode": Mode.FAULT.value, "cause": cause.value, "detail": detail, "enabled": False, "at_home": False}
