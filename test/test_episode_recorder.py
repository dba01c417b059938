"""Recording episodes without ROS: the queue, the counts, the verbs, the copied files."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sim_run import ur5_run

from ros_wam import fields
from ros_wam.errors import RecordError
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.bag_thread import BagThread, Received
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.record.episode_files import copy_configuration
from ros_wam.record.episode_recorder import EpisodeRecorder
from ros_wam.record.recording_session import RecordingSession
from ros_wam.run_config import RunConfig, load_run_config
from ros_wam.topics import topic_table

TOPICS = topic_table({"wrist": 30.0}, 125.0)
STRING = "std_msgs/msg/String"
S = 1_000_000_000


def text(word: str) -> bytes:
    return serialize(STRING, {"data": word})


def words(bag: Path, topic: str = "robot_mode") -> list[str]:
    with BagReader(bag) as reader:
        return [message.message.data for message in reader.messages([topic])]


@pytest.fixture
def recorder() -> Iterator[EpisodeRecorder]:
    recorder = EpisodeRecorder(TOPICS)
    yield recorder
    if recorder.recording:
        recorder.stop()


def test_each_episode_holds_its_own_messages(recorder: EpisodeRecorder, tmp_path: Path) -> None:
    for episode in ("001", "002"):
        bag = tmp_path / episode / "bag"
        recorder.start(bag, S)
        for k in range(300):
            recorder.take("enable", S + k, serialize("std_msgs/msg/Bool", fields.enable(True)))
        recorder.take("trial_event", 2 * S, text(episode))
        assert recorder.stop() == {}
        assert words(bag, "trial_event") == [episode]
        with BagReader(bag) as reader:
            assert reader.counts["enable"] == 300


def test_a_bag_begins_with_the_latched_states_but_not_with_old_events(
    recorder: EpisodeRecorder, tmp_path: Path
) -> None:
    recorder.take("robot_mode", 1 * S, text("FAULT"))
    recorder.take("robot_mode", 2 * S, text("HOLD"))
    recorder.take("trial_event", 2 * S, text("recorded"))
    recorder.start(tmp_path / "bag", 5 * S)
    recorder.stop()
    assert words(tmp_path / "bag") == ["HOLD"]
    with BagReader(tmp_path / "bag") as reader:
        assert (reader.start_ns, reader.counts["trial_event"]) == (5 * S, 0)


def test_one_episode_at_a_time(recorder: EpisodeRecorder, tmp_path: Path) -> None:
    recorder.start(tmp_path / "1", S)
    with pytest.raises(RecordError, match="another episode is open"):
        recorder.start(tmp_path / "2", S)
    recorder.stop()
    with pytest.raises(RecordError, match="no episode is open"):
        recorder.stop()


class SlowWriter(BagWriter):
    """A disk that takes nothing until `released`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TOPICS)
        self.entered, self.released = threading.Event(), threading.Event()

    def write(self, topic: str, stamp_ns: int, data: bytes, publish_ns: int | None = None) -> None:
        self.entered.set()
        assert self.released.wait(10.0)
        super().write(topic, stamp_ns, data, publish_ns)


def test_memory_is_bounded_when_the_disk_cannot_keep_up(tmp_path: Path) -> None:
    message = text("x" * 100)
    writer = SlowWriter(tmp_path / "bag")
    thread = BagThread(writer, limit_bytes=10 * len(message))
    assert thread.put(Received("robot_mode", S, message, None))
    assert writer.entered.wait(10.0)
    taken = [thread.put(Received("robot_mode", S + k, message, None)) for k in range(20)]
    assert taken == [True] * 9 + [False] * 11
    writer.released.set()
    thread.close()
    assert len(words(tmp_path / "bag")) == 10


class BrokenWriter(BagWriter):
    """A disk that is full."""

    def write(self, topic: str, stamp_ns: int, data: bytes, publish_ns: int | None = None) -> None:
        raise RecordError("cannot write bag_0.mcap after 0 messages: No space left on device")


def test_a_full_disk_ends_the_recording_and_is_told(tmp_path: Path) -> None:
    thread = BagThread(BrokenWriter(tmp_path / "bag", TOPICS), limit_bytes=1000)
    assert thread.failure is None
    thread.put(Received("robot_mode", S, text("HOLD"), None))
    with pytest.raises(RecordError, match="No space left on device"):
        thread.close()
    assert thread.failure is not None
    assert not thread.put(Received("robot_mode", S, text("HOLD"), None))
    assert not (tmp_path / "bag" / "metadata.yaml").exists()


def test_a_session_follows_the_verbs(recorder: EpisodeRecorder, tmp_path: Path) -> None:
    session = RecordingSession(recorder, ur5_run(tmp_path))
    bag = tmp_path / "001" / "bag"
    assert session.tick(0, []) == []
    assert session.command({"verb": "start"}, 0) == []
    assert session.command({"verb": "stop"}, 0) == []
    assert session.command({"verb": "prepare", "episode": "001", "bag": str(bag)}, S) == []
    assert session.waiting
    assert session.tick(S, ["joint_states"]) == []
    assert session.tick(S + 1, []) == []
    assert session.tick(S + 2, ["joint_states"]) == []
    assert session.tick(S + 3, []) == []
    assert session.tick(2 * S, []) == [{"event": "recording", "episode": "001"}]
    assert not session.waiting
    assert session.tick(3 * S, []) == []
    recorder.take("robot_mode", 3 * S, text("POLICY"))
    assert session.command({"verb": "stop"}, 4 * S) == []
    assert session.command({"verb": "stop"}, 4 * S + 1) == []
    assert session.tick(4 * S + 1, []) == []
    recorder.take("robot_mode", 4 * S + 2, text("HOLD"))
    assert session.tick(5 * S, []) == [{"event": "recorded", "episode": "001"}]
    assert words(bag) == ["POLICY", "HOLD"]
    assert load_run_config(tmp_path / "001" / "config" / "config.yaml").embodiment().name == "ur5"


def test_a_recording_that_lacks_messages_has_failed(tmp_path: Path) -> None:
    recorder = EpisodeRecorder(TOPICS, queue_bytes=10)
    session = RecordingSession(recorder, ur5_run(tmp_path))
    session.command({"verb": "prepare", "episode": "001", "bag": str(tmp_path / "bag")}, 0)
    for _ in range(3):
        recorder.take("robot_mode", S, text("POLICY"))
    (event,) = session.close()
    detail = "the disk could not keep up: dropped robot_mode 3"
    assert event == {"event": "record_failed", "episode": "001", "detail": detail}


def test_a_session_says_whom_it_does_not_hear(recorder: EpisodeRecorder, tmp_path: Path) -> None:
    session = RecordingSession(recorder, ur5_run(tmp_path))
    session.command({"verb": "prepare", "episode": "001", "bag": str(tmp_path / "bag")}, 0)
    assert session.tick(5 * S - 1, ["joint_states"]) == []
    (event,) = session.tick(5 * S, ["joint_states", "setpoints"])
    assert event == {"event": "record_failed", "episode": "001", "detail": "nobody publishes joint_states, setpoints"}
    assert not recorder.recording


def test_a_session_tells_why_it_cannot_record(recorder: EpisodeRecorder, tmp_path: Path) -> None:
    session = RecordingSession(recorder, ur5_run(tmp_path))
    (event,) = session.command({"verb": "prepare", "episode": "001"}, 0)
    assert event["detail"] == "the command names no bag"
    (tmp_path / "bag").mkdir()
    (event,) = session.command({"verb": "prepare", "episode": "001", "bag": str(tmp_path / "bag")}, 0)
    assert "File exists" in event["detail"]
    (tmp_path / "config").write_text("in the way")
    (event,) = session.command({"verb": "prepare", "episode": "002", "bag": str(tmp_path / "002")}, 0)
    assert (event["event"], event["episode"]) == ("record_failed", "002")
    assert not recorder.recording


def test_a_new_episode_ends_the_one_before(recorder: EpisodeRecorder, tmp_path: Path) -> None:
    session = RecordingSession(recorder, ur5_run(tmp_path))
    session.command({"verb": "prepare", "episode": "001", "bag": str(tmp_path / "001" / "bag")}, 0)
    (event,) = session.command({"verb": "prepare", "episode": "002", "bag": str(tmp_path / "002" / "bag")}, 0)
    assert (event["event"], event["episode"]) == ("recorded", "001")
    assert [event["episode"] for event in session.close()] == ["002"]
    assert session.close() == []


def test_the_copied_configuration_stands_on_its_own(tmp_path: Path) -> None:
    config = ur5_run(tmp_path)
    policy = tmp_path / "mine.yaml"
    policy.write_text("name: mine\n")
    copy_configuration(RunConfig(**{**config.__dict__, "policy": policy, "seed": 7}), tmp_path / "config")
    copied = load_run_config(tmp_path / "config" / "config.yaml")
    assert (copied.seed, copied.policy) == (7, tmp_path / "config" / "policies" / "mine.yaml")
    assert copied.embodiment().model == tmp_path / "config" / "robots" / "ur5.xml"
    assert copied.station() == config.station()
    with pytest.raises(RecordError, match="cannot copy the configuration"):
        copy_configuration(config, policy)
