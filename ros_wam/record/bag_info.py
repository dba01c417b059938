"""What a bag holds, and what it lacks, topic by topic."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.fields import read_setpoint_provenance, read_setpoints
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.cdr import deserialize, source_stamp_ns
from ros_wam.record.gaps import missing_batches, missing_messages

_SEQUENCED = ("setpoints", "setpoint_provenance")


@dataclass(frozen=True)
class TopicRow:
    """One topic of a bag. Rates, gaps and what is missing are None where a topic has too few messages, or no rate.

    Times are those in the messages where they carry one, else of receipt. `missing` counts messages: by gaps between
    these times, of control ticks by their sequence numbers.
    """

    topic: str
    type: str
    count: int
    rate_hz: float | None
    expected_hz: float | None
    longest_gap_s: float | None
    missing: int | None


def describe(folder: Path) -> list[TopicRow]:
    """Return a row for each topic of the bag, in the order of the table of topics; raises RecordError."""
    with BagReader(folder) as reader:
        stamps: dict[str, list[int]] = {topic: [] for topic in reader.topics}
        sequences: dict[str, list[NDArray[np.int64]]] = {topic: [] for topic in reader.topics if topic in _SEQUENCED}
        for topic, received_ns, kind, data in reader.raw_messages():
            stamp_ns = source_stamp_ns(kind, data)
            stamps[topic].append(received_ns if stamp_ns is None else stamp_ns)
            if topic in sequences:
                sequences[topic].append(_sequence(topic, deserialize(kind, data)))
        rates = reader.expected_rates_hz
        return [
            _row(topic, kind, np.array(stamps[topic], np.int64), rates.get(topic), sequences.get(topic))
            for topic, kind in reader.topics.items()
        ]


def _sequence(topic: str, message: Any) -> NDArray[np.int64]:
    if topic == "setpoints":
        return read_setpoints(message).sequence
    return read_setpoint_provenance(message).sequence


def _row(
    topic: str,
    kind: str,
    stamps: NDArray[np.int64],
    expected_hz: float | None,
    sequences: list[NDArray[np.int64]] | None,
) -> TopicRow:
    gaps_s = np.diff(np.sort(stamps)) * 1e-9
    if len(gaps_s) == 0 or gaps_s.sum() <= 0.0:
        return TopicRow(topic, kind, len(stamps), None, expected_hz, None, None)
    missing: int | None = None
    if sequences is not None:
        missing = missing_batches(sequences)
    elif expected_hz is not None:
        ordered = np.sort(stamps)
        missing = missing_messages(ordered, 1e9 / expected_hz, int(ordered[0]), int(ordered[-1]))
    rate_hz, longest_s = len(gaps_s) / float(gaps_s.sum()), float(gaps_s.max())
    return TopicRow(topic, kind, len(stamps), rate_hz, expected_hz, longest_s, missing)
