"""The recorder over real DDS: everything that was published is in the bag."""

import signal
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from test_fields import JOINTS, records

from ros_wam import fields
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.bag_recover import recover
from ros_wam.run_config import load_run_config
from ros_wam.topics import Topic

SECONDS = 2.0
LATE_NS = 50_000_000


def say(peer: Any, topic: Topic, k: int) -> None:
    stamp_ns = peer.clock.now_ns()
    if topic.type.endswith("CompressedImage"):
        data = np.random.default_rng(k).bytes(15_000)
        peer.publish(topic.name, {"header": fields.header(stamp_ns), "format": "jpeg", "data": data})
    elif topic.type.endswith("JointState"):
        peer.publish(topic.name, {"header": fields.header(stamp_ns), "name": ["joint1"], "position": np.full(1, k)})
    elif topic.type.endswith("DiagnosticArray"):
        peer.publish(topic.name, fields.diagnostics(stamp_ns))
    elif topic.type.endswith("Bool"):
        peer.publish(topic.name, fields.enable(True))
    else:
        rows = [replace(records()[0], sequence=k)]
        peer.publish(topic.name, getattr(fields, topic.name)(rows, JOINTS))


def publish_all(peer: Any, seconds: float) -> dict[str, int]:
    """Publish every topic that has a rate, at that rate, for `seconds`; return how often.

    What the machine makes late is not caught up with: a burst would push pictures out of their queue.
    """
    rated = [topic for topic in peer.topics.values() if topic.rate_hz is not None]
    due = sorted((k / t.rate_hz, t.name, k) for t in rated for k in range(int(seconds * t.rate_hz)))
    start_ns = peer.clock.now_ns()
    for time_s, name, k in due:
        peer.clock.sleep_until_ns(start_ns + round(time_s * 1e9))
        start_ns += max(0, peer.clock.now_ns() - start_ns - round(time_s * 1e9) - LATE_NS)
        say(peer, peer.topics[name], k)
    return {t.name: int(seconds * t.rate_hz) for t in rated}


def next_event(peer: Any, events: deque[Any]) -> dict[str, Any]:
    assert peer.wait(lambda: bool(events))
    return fields.read_json_object(events.popleft())


def prepare(peer: Any, bag: Path) -> deque[Any]:
    events = peer.hear("trial_event")
    peer.advertise(*(name for name, topic in peer.topics.items() if topic.rate_hz is not None))
    peer.publish("robot_mode", {"data": "HOLD"})
    peer.publish("trial_command", fields.json_object({"verb": "prepare", "episode": "001", "bag": str(bag)}))
    assert next_event(peer, events) == {"event": "recording", "episode": "001"}
    return events


def test_everything_published_is_recorded(start_node: Any, peer: Any, tmp_path: Path) -> None:
    start_node("recorder_node")
    events = prepare(peer, tmp_path / "001" / "bag")
    published = publish_all(peer, SECONDS)
    peer.publish("trial_command", fields.json_object({"verb": "stop"}))
    assert next_event(peer, events) == {"event": "recorded", "episode": "001"}
    with BagReader(tmp_path / "001" / "bag") as reader:
        assert {name: count for name, count in reader.counts.items() if name in published} == published
        verbs = [fields.read_json_object(m.message)["verb"] for m in reader.messages(["trial_command"])]
        assert verbs == ["prepare", "stop"]
        assert [m.message.data for m in reader.messages(["robot_mode"])] == ["HOLD"]
        messages = reader.messages(["setpoint_provenance"])
        numbers = [int(fields.read_setpoint_provenance(m.message).sequence[0]) for m in messages]
        assert numbers == list(range(published["setpoint_provenance"]))
        received_ns = {m.topic: m.stamp_ns for m in reader.messages(["joint_states"])}["joint_states"]
        assert reader.start_ns < received_ns <= reader.end_ns
    copied = load_run_config(tmp_path / "001" / "config" / "config.yaml")
    assert copied.embodiment().name == "ur5"


def test_a_terminated_recorder_finishes_its_bag(start_node: Any, peer: Any, tmp_path: Path) -> None:
    process = start_node("recorder_node")
    events = prepare(peer, tmp_path / "bag")
    published = publish_all(peer, 0.5)
    process.terminate()
    assert next_event(peer, events)["event"] == "recorded"
    assert process.wait(20.0) == 0
    with BagReader(tmp_path / "bag") as reader:
        assert {name: reader.counts[name] for name in published} == published


def test_a_killed_recorder_leaves_all_but_the_last_second(start_node: Any, peer: Any, tmp_path: Path) -> None:
    process = start_node("recorder_node")
    prepare(peer, tmp_path / "bag")
    publish_all(peer, 3.0)
    process.send_signal(signal.SIGKILL)
    process.wait(20.0)
    recover(tmp_path / "bag")
    with BagReader(tmp_path / "bag") as reader:
        numbers = [m.message.position[0] for m in reader.messages(["joint_states"])]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 125  # of three seconds two; one for a busy machine


def test_a_recorder_that_hears_nobody_says_so(start_node: Any, peer: Any, tmp_path: Path) -> None:
    start_node("recorder_node")
    events = peer.hear("trial_event")
    peer.publish("trial_command", fields.json_object({"verb": "prepare", "episode": "1", "bag": str(tmp_path / "bag")}))
    event = next_event(peer, events)
    assert event["event"] == "record_failed"
    assert "nobody publishes wrist/image/compressed, global/image/compressed, joint_states" in event["detail"]
