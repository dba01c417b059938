"""What the observation benchmark reads from the policy's status."""

from pathlib import Path

import pytest

from ros_wam import fields
from ros_wam.bench.observation import hop_rows, observation_figures, read_inferences
from ros_wam.errors import TrialError
from ros_wam.fields import Diagnostic, Level
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import topic_table
from ros_wam.trial.hops import hop_times_ms

WRIST_MS = {"wrist_capture_ms": 8.0, "wrist_encode_ms": 1.0}
SAID = (
    {"state": "ready", "cause": ""},
    {"inference": 1, "latency_ms": 30.0, "observe_ms": 30.0, "server_ms": None, **WRIST_MS},
    {"inference": 1, "tick_wait_ms": 3.0, "hand_over_ms": 9.0, "software_ms": 10.0, "whole_ms": 60.0},
    {"inference": 2, "latency_ms": 25.0, "server_ms": 20.0, "round_trip_ms": 24.0, "encode_ms": 0.5, "build_ms": 2.0},
    {"inference": 2, "tick_wait_ms": 1.0, "software_ms": 20.0, "whole_ms": 80.0},
    {"inference": 3, "latency_ms": 25.0, "wrist_capture_ms": 9.0, "wrist_encode_ms": 3.0},
)


def test_hops_are_read_by_name_in_the_order_of_the_line(tmp_path: Path) -> None:
    topics = topic_table({}, 125.0)
    with BagWriter(tmp_path / "bag", topics) as writer:
        for values in SAID:
            message = fields.diagnostics(0, Diagnostic("policy_node", Level.OK, "", values))
            writer.write("policy_status", 0, serialize(topics["policy_status"].type, message))
    hops = hop_times_ms(read_inferences(tmp_path / "bag"))
    assert hops["wrist encode"] == [1.0, 3.0]
    assert hops["server"] == [20.0]
    assert hops["round trip overhead"] == [4.0]
    rows = hop_rows(hops)
    assert [(row["hop"], row["software"]) for row in rows] == [
        *(("wrist capture", "no"), ("wrist encode", "yes"), ("build", "yes"), ("encode", "yes"), ("server", "no")),
        *(("round trip overhead", "yes"), ("tick wait", "no"), ("software", "sum"), ("whole", "sum")),
    ]
    assert (rows[0]["p50_ms"], rows[0]["max_ms"]) == (8.5, 9.0)


def test_the_figures_are_those_of_the_sums() -> None:
    figures = observation_figures({"software": [10.0, 20.0, 30.0], "whole": [60.0, 70.0, 80.0], "build": [1.0]})
    assert (figures["p50_ms"], figures["whole_p50_ms"], figures["inferences"]) == (20.0, 70.0, 3.0)
    assert figures["p99_ms"] == pytest.approx(29.8)
    assert figures["whole_p99_ms"] == pytest.approx(79.8)


def test_without_an_inference_that_was_followed_there_is_no_figure() -> None:
    with pytest.raises(TrialError, match="no inference"):
        observation_figures({})
