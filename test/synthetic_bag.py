"""A bag as the recorder would write it, of a robot that did what it was told: for reading, measuring and drawing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam import fields
from ros_wam.causes import Limit
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import Topic, image_topic, topic_table
from ros_wam.types import (
    CameraFrame,
    Command,
    Intervention,
    JointState,
    Mode,
    Provenance,
    SafetyVerdict,
    StepRecord,
    Target,
)

JOINTS = ("joint1", "joint2", "gripper")
VIEWS = ("wrist", "global")
RATE_HZ = 125.0
CAMERA_HZ = 30.0
PERIOD_NS = 8_000_000
BATCH_NS = 20_000_000
T0_NS = 1_790_000_000_000_000_000
LATENCIES_MS = (40.0, 60.0, 50.0, 240.0)
REFUSED = 3
"""The inference whose chunk is refused."""


class SyntheticBag:
    """Writes a bag: half a second at home, `seconds` of policy, half a second of hold."""

    def __init__(
        self,
        folder: Path,
        seconds: float = 4.0,
        lost_frames: tuple[int, ...] = (),
        lost_batches: tuple[int, ...] = (),
        idle_s: tuple[float, float] = (0.0, 0.5),
        size: tuple[int, int] = (48, 64),
        statuses: Sequence[tuple[float, Mapping[str, Any]]] = (),
    ) -> None:
        """`statuses`: when after the start [s] `safety_status` says what."""
        self.start_ns, self.end_ns = T0_NS, T0_NS + round(seconds * 1e9)
        self._idle_s, self._size, self._lost_batches = idle_s, size, lost_batches
        topics = topic_table(dict.fromkeys(VIEWS, CAMERA_HZ), RATE_HZ)
        self._types = {name: topic.type for name, topic in topics.items()}
        self._messages: list[tuple[int, str, fields.Fields]] = []
        self._add(self.start_ns, "trial_command", fields.json_object({"verb": "start", "episode": "001"}))
        self._add(self.end_ns, "trial_command", fields.json_object({"verb": "stop", "episode": "001"}))
        self._add_ticks(seconds)
        self._add_pictures(seconds, lost_frames)
        self._add_inferences()
        for at_s, values in statuses:
            stamp_ns = T0_NS + round(at_s * 1e9)
            said = fields.Diagnostic("robot_node", fields.Level.OK, "said", {"mode": "POLICY", "cause": None, **values})
            self._add(stamp_ns, "safety_status", fields.diagnostics(stamp_ns, said))
        self._write(folder, topics)

    def _add(self, stamp_ns: int, topic: str, message: fields.Fields) -> None:
        self._messages.append((stamp_ns, topic, message))

    def _add_ticks(self, seconds: float) -> None:
        first, last = -round(0.5 * RATE_HZ), round((seconds + 0.5) * RATE_HZ)
        records = [self._record(k, seconds) for k in range(first, last)]
        batch: list[StepRecord] = []
        for k, record in enumerate(records):
            if record.state is not None:
                self._add(record.stamp_ns, "joint_states", fields.joint_state(record.state, JOINTS))
            batch.append(record)
            if (k + 1) * PERIOD_NS // BATCH_NS > k * PERIOD_NS // BATCH_NS:
                if k * PERIOD_NS // BATCH_NS not in self._lost_batches:
                    self._add(record.stamp_ns + 1, "setpoints", fields.setpoints(batch, JOINTS))
                self._add(record.stamp_ns + 2, "setpoint_provenance", fields.setpoint_provenance(batch, JOINTS))
                batch = []

    def _record(self, k: int, seconds: float) -> StepRecord:
        at_s = k / RATE_HZ
        stamp_ns = T0_NS + k * PERIOD_NS
        wave = np.sin(np.pi * at_s + np.arange(3.0))
        sent = np.array([0.5 * wave[0], 0.3 * wave[1], float(at_s < 2.0)])
        running = 0.0 <= at_s <= seconds
        follows = running and not self._idle_s[0] <= at_s < self._idle_s[1]
        limited = 1.0 <= at_s < 1.1 or 2.0 <= at_s < 2.004
        interventions = (Intervention(Limit.VELOCITY, "joint1", 3.0, 2.0),) if limited and running else ()
        return StepRecord(
            sequence=k + 1000,
            stamp_ns=stamp_ns,
            mode=Mode.POLICY if running else Mode.HOLD,
            state=JointState(stamp_ns, sent - 0.01, np.zeros(3), np.zeros(3)),
            target=Target(sent, np.zeros(3), Provenance(stamp_ns, 1, 1, 0)) if follows else None,
            desired=Command(stamp_ns, sent),
            verdict=SafetyVerdict(Command(stamp_ns, sent), None, interventions),
            sent=Command(stamp_ns, sent),
        )

    def _add_pictures(self, seconds: float, lost: tuple[int, ...]) -> None:
        for view in VIEWS:
            for k in range(round(seconds * CAMERA_HZ)):
                if k in lost and view == "wrist":
                    continue
                stamp_ns = T0_NS + round((k + 0.5) / CAMERA_HZ * 1e9)
                picture = np.full((*self._size, 3), 255 * k / (seconds * CAMERA_HZ), dtype=np.uint8)
                self._add(stamp_ns + 3, image_topic(view), fields.image(CameraFrame(view, stamp_ns, picture)))

    def _add_inferences(self) -> None:
        for k, latency_ms in enumerate(LATENCIES_MS):
            stamp_ns = T0_NS + (k + 1) * 500_000_000
            values = {
                "state": "running",
                "inference": k,
                "chunk": k,
                "latency_ms": latency_ms,
                "round_trip_ms": latency_ms,
            }
            values |= {f"{view}_stamp_ns": stamp_ns - 10**8 + place for place, view in enumerate(VIEWS)}
            if k == REFUSED:
                values |= {"chunk": None, "refused": "collision", "refused_detail": "the elbow meets the table"}
            said = fields.Diagnostic("policy_node", fields.Level.OK, "running", values)
            for repeat in range(2):  # a status that says nothing new is no inference
                self._add(stamp_ns + repeat, "policy_status", fields.diagnostics(stamp_ns + repeat, said))
            followed = {"inference": k, "chunk": k, "whole_ms": latency_ms + 100.0}
            said = fields.Diagnostic("policy_node", fields.Level.OK, "followed", followed)
            self._add(stamp_ns + 10**7, "policy_status", fields.diagnostics(stamp_ns + 10**7, said))

    def _write(self, folder: Path, topics: dict[str, Topic]) -> None:
        written = {name for _, name, _ in self._messages}
        with BagWriter(folder, {name: topic for name, topic in topics.items() if name in written}) as bag:
            for stamp_ns, name, message in sorted(self._messages, key=lambda item: item[0]):
                bag.write(name, stamp_ns, serialize(self._types[name], message))


def origin_of(stamp_ns: np.ndarray, mode: Mode = Mode.POLICY) -> fields.SetpointProvenance:
    """Provenance of ticks that follow nothing and that nothing changed."""
    nothing, none = np.full_like(stamp_ns, -1), np.zeros_like(stamp_ns)
    columns = dict.fromkeys(fields.PROVENANCE_COLUMNS, none)
    columns |= dict.fromkeys(("observation_stamp_ns", "inference_id", "chunk_id", "index"), nothing)
    columns |= {"sequence": np.arange(len(stamp_ns)), "stamp_ns": stamp_ns, "source": none + fields.MODES.index(mode)}
    return fields.SetpointProvenance(**columns)
