"""Reads a trial's bag: what the report draws and what the metrics are computed from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.errors import RecordError, SpecError
from ros_wam.fields import (
    MODES,
    SetpointProvenance,
    Setpoints,
    read_json_object,
    read_setpoint_provenance,
    read_setpoints,
)
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.bag_recover import recover
from ros_wam.record.bag_writer import METADATA_FILE
from ros_wam.record.cdr import deserialize, source_stamp_ns
from ros_wam.record.gaps import missing_batches, missing_messages
from ros_wam.trial.metrics import Metrics, measure
from ros_wam.trial.statuses import PolicySaid, read_safety
from ros_wam.trial.trace import Said, Trace
from ros_wam.types import Mode

_TABLES = ("setpoints", "setpoint_provenance", "policy_status", "safety_status", "trial_command")


@dataclass
class _Found:
    setpoints: list[Setpoints] = field(default_factory=list)
    provenance: list[SetpointProvenance] = field(default_factory=list)
    policy: PolicySaid = field(default_factory=PolicySaid)
    safety: list[Said] = field(default_factory=list)
    commands: dict[str, int] = field(default_factory=dict)
    stamps: dict[str, list[int]] = field(default_factory=dict)


def measure_bag(bag_dir: Path) -> Metrics:
    """Return what the bag of an ended trial tells, all None when it cannot be read.

    One that its recorder did not live to finish is recovered up to its last flush first.
    """
    try:
        if any(bag_dir.glob("*.mcap")) and not (bag_dir / METADATA_FILE).exists():
            recover(bag_dir)
        return measure(read_trace(bag_dir))
    except (RecordError, SpecError):
        return Metrics()


def read_trace(bag_dir: Path) -> Trace:
    """Return the trace of a finished bag; raises RecordError or SpecError when it cannot be read or holds no ticks."""
    with BagReader(bag_dir) as bag:
        rates_hz = bag.expected_rates_hz
        found = _find(bag, set(rates_hz))
    if not found.setpoints or not found.provenance:
        raise RecordError(f"the bag {bag_dir} holds no setpoints")
    trace = _trace(found)
    heard, gaps = _stream(found, rates_hz, trace)
    return replace(trace, heard=heard, gaps=gaps)


def _stream(found: _Found, rates_hz: Mapping[str, float], trace: Trace) -> tuple[dict[str, int], dict[str, int]]:
    """Return per topic what came from start to stop, and what is missing there.

    It is missing by the numbers of the ticks where they are numbered, else by the stamps.
    """
    start_ns, end_ns = trace.start_ns, trace.end_ns
    heard = {topic: sum(start_ns <= at <= end_ns for at in stamps) for topic, stamps in found.stamps.items()}
    gaps = {
        topic: missing_messages(np.array(sorted(stamps), dtype=np.int64), 1e9 / rates_hz[topic], start_ns, end_ns)
        for topic, stamps in sorted(found.stamps.items())
    }
    running = trace.while_running().origin.sequence
    for topic, batches in (("setpoints", found.setpoints), ("setpoint_provenance", found.provenance)):
        numbers = [batch.sequence for batch in batches]
        inside = [each for each in numbers if len(running) and each[-1] >= running[0] and each[0] <= running[-1]]
        heard[topic], gaps[topic] = len(inside), missing_batches(inside)
    return heard, gaps


def _find(bag: BagReader, rated: set[str]) -> _Found:
    found = _Found()
    known = bag.topics
    found.stamps = {topic: [] for topic in sorted(rated)}
    for raw in bag.raw_messages([topic for topic in known if topic in rated or topic in _TABLES]):
        if raw.topic in rated:
            found.stamps[raw.topic].append(source_stamp_ns(raw.type, raw.data) or raw.stamp_ns)
        if raw.topic in _TABLES:
            _take(found, raw.topic, raw.stamp_ns, deserialize(raw.type, raw.data))
    return found


def _take(found: _Found, topic: str, stamp_ns: int, message: Any) -> None:
    if topic == "setpoints":
        found.setpoints.append(read_setpoints(message))
    elif topic == "setpoint_provenance":
        found.provenance.append(read_setpoint_provenance(message))
    elif topic == "trial_command":
        found.commands.setdefault(str(read_json_object(message).get("verb")), stamp_ns)
    elif topic == "policy_status":
        found.policy.take(message)
    else:
        found.safety += read_safety(message)


def _trace(found: _Found) -> Trace:
    sequence, first = np.unique(_column(found.setpoints, "sequence"), return_index=True)
    told, told_first = np.unique(_column(found.provenance, "sequence"), return_index=True)
    _, rows, told_rows = np.intersect1d(sequence, told, assume_unique=True, return_indices=True)
    a, b = first[rows], told_first[told_rows]
    if not len(a):
        raise RecordError("no setpoint has its provenance")
    names = [column.name for column in fields(SetpointProvenance)]
    origin = SetpointProvenance(**{name: _column(found.provenance, name)[b] for name in names})
    driven = origin.stamp_ns[origin.source == MODES.index(Mode.POLICY)]
    span_ns = driven if len(driven) else origin.stamp_ns
    return Trace(
        joint_names=found.setpoints[0].joint_names,
        measured=_column(found.setpoints, "measured")[a],
        target=_column(found.setpoints, "target")[a],
        desired=_column(found.setpoints, "desired")[a],
        sent=_column(found.setpoints, "sent")[a],
        origin=origin,
        start_ns=found.commands.get("start", int(span_ns[0])),
        end_ns=found.commands.get("stop", int(span_ns[-1])),
        inferences=found.policy.inferences,
        statuses=tuple(sorted(found.safety, key=lambda said: said.stamp_ns)),
        failures=found.policy.failures,
    )


def _column(batches: Iterable[Any], name: str) -> Any:
    return np.concatenate([getattr(batch, name) for batch in batches])
