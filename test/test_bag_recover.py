"""A bag cut off by a kill becomes a bag that rosbags opens."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rosbags.rosbag2 import Reader

from ros_wam import fields
from ros_wam.errors import RecordError
from ros_wam.record.bag_info import describe
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.bag_recover import recover
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import Topic, topic_table

TOPICS = topic_table({"wrist": 30.0}, 125.0)
STRING = "std_msgs/msg/String"

# Writes a message for each 10 ms of made-up time as fast as it can, says so every second of it, and goes on for ever.
_WRITE = """
import itertools, sys
from pathlib import Path
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import topic_table
writer = BagWriter(Path(sys.argv[1]), topic_table({"wrist": 30.0}, 125.0))
for k in itertools.count():
    writer.write("robot_mode", k * 10_000_000, serialize("std_msgs/msg/String", {"data": str(k)}))
    if k % 100 == 0:
        print(k, flush=True)
"""


def texts(folder: Path) -> list[str]:
    with BagReader(folder) as reader:
        return [message.message.data for message in reader.messages()]


def test_a_killed_recording_comes_back_to_the_last_second(tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    with subprocess.Popen([sys.executable, "-c", _WRITE, str(bag)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(12)][-1]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert not (bag / "metadata.yaml").exists()
    recovery = recover(bag)
    assert recovery.messages >= said - 100
    assert recovery.original.stat().st_size > 0
    with Reader(bag) as judge:
        assert judge.message_count == recovery.messages
        assert len(list(judge.messages())) == recovery.messages
    assert texts(bag) == [str(k) for k in range(recovery.messages)]
    rows = {row.topic: row for row in describe(bag)}
    assert rows["joint_states"].expected_hz == 125.0
    with pytest.raises(RecordError, match="is finished"):
        recover(bag)


def cut_off(folder: Path, seconds: int) -> BagWriter:
    writer = BagWriter(folder, TOPICS)
    for k in range(seconds):
        writer.write("robot_mode", k * 10**9, serialize(STRING, {"data": str(k)}))
    return writer


def test_every_cut_gives_a_bag_or_a_clear_error(tmp_path: Path) -> None:
    cut_off(tmp_path / "bag", 5).abandon()
    whole = (tmp_path / "bag" / "bag_0.mcap").read_bytes()
    recovered = []
    for k, size in enumerate(range(0, len(whole), 97)):
        folder = tmp_path / str(k)
        folder.mkdir()
        (folder / f"{k}_0.mcap").write_bytes(whole[:size])
        try:
            recovered.append(recover(folder).messages)
        except RecordError:
            recovered.append(0)
            continue
        assert texts(folder) == [str(k) for k in range(recovered[-1])]
    assert recovered == sorted(recovered)
    assert recovered[-1] >= 4


def test_a_damaged_chunk_ends_the_recovery(tmp_path: Path) -> None:
    cut_off(tmp_path / "bag", 5).abandon()
    path = tmp_path / "bag" / "bag_0.mcap"
    data = bytearray(path.read_bytes())
    data[-200] ^= 0xFF
    path.write_bytes(bytes(data) + bytes(4096))
    assert 2 <= recover(tmp_path / "bag").messages < 5


def test_an_interrupted_recovery_goes_on(tmp_path: Path) -> None:
    cut_off(tmp_path / "bag", 5).abandon()
    bag = tmp_path / "bag"
    (bag / "unfinished").mkdir()
    (bag / "bag_0.mcap").replace(bag / "unfinished" / "bag_0.mcap")
    (bag / "bag_0.mcap").write_bytes(b"half of a new one")
    (bag / "recovering" / "bag").mkdir(parents=True)
    assert recover(bag).messages == 5
    assert sorted(path.name for path in bag.iterdir()) == ["bag_0.mcap", "metadata.yaml", "unfinished"]


def test_topics_survive(tmp_path: Path) -> None:
    topics = {"image": Topic("image", "sensor_msgs/msg/CompressedImage", 30.0, reliable=False, latched=True, depth=7)}
    writer = BagWriter(tmp_path / "bag", topics)
    writer.write("image", 1, serialize(topics["image"].type, {}))
    writer.flush()
    writer.abandon()
    recover(tmp_path / "bag")
    with Reader(tmp_path / "bag") as reader:
        profile = reader.connections[0].ext.offered_qos_profiles[0]
    assert (profile.reliability.name, profile.durability.name, profile.depth) == ("BEST_EFFORT", "TRANSIENT_LOCAL", 7)


def test_what_was_cut_off_before_its_first_message_is_an_empty_bag(tmp_path: Path) -> None:
    BagWriter(tmp_path / "bag", TOPICS).abandon()
    assert recover(tmp_path / "bag").messages == 0
    with BagReader(tmp_path / "bag") as bag:
        assert list(bag.raw_messages()) == []


def test_the_first_message_is_flushed_at_once(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag", TOPICS)
    writer.write("enable", 5, serialize(TOPICS["enable"].type, fields.enable(True)))
    cut_off = shutil.copytree(tmp_path / "bag", tmp_path / "cut_off" / "bag")
    writer.close()
    assert recover(cut_off).messages == 1


def test_nothing_to_recover_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no bag in"):
        recover(tmp_path)
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "bag_0.mcap").write_bytes(b"not a bag at all")
    with pytest.raises(RecordError, match="not an MCAP file"):
        recover(tmp_path / "bag")


def test_a_bag_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    with cut_off(bag, 5) as writer:
        with pytest.raises(RecordError, match="still being written"):
            recover(bag)
        assert [path.name for path in bag.iterdir()] == ["bag_0.mcap"]
        writer.write("robot_mode", 5 * 10**9, serialize(STRING, {"data": "5"}))
    assert texts(bag) == [str(k) for k in range(6)]
    with pytest.raises(RecordError, match="is finished"):
        recover(bag)


def test_a_bag_is_recovered_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(tmp_path / "bag", 5).abandon()
    (tmp_path / "bag").rename(tmp_path / "kept")
    monkeypatch.chdir(tmp_path / "kept")
    assert recover(Path()).messages == 5
    names = sorted(path.name for path in Path().iterdir())
    assert names == ["kept_0.mcap", "metadata.yaml", "unfinished"]
    assert len(texts(tmp_path / "kept")) == 5
    Path("kept_1.mcap").touch()
    with pytest.raises(RecordError, match=r"several bags: kept_0.mcap, kept_1.mcap"):
        BagReader(tmp_path / "kept")


def test_a_recovery_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: BagWriter, *_: object) -> None:
        raise RecordError("No space left on device")

    cut_off(tmp_path / "bag", 5).abandon()
    monkeypatch.setattr(BagWriter, "write", full)
    with pytest.raises(RecordError, match="No space left"):
        recover(tmp_path / "bag")
    assert [path.name for path in (tmp_path / "bag").iterdir()] == ["bag_0.mcap"]


def test_a_folder_that_refuses_is_said(tmp_path: Path) -> None:
    cut_off(tmp_path / "bag", 5).abandon()
    (tmp_path / "bag" / "recovering").write_text("in the way")
    with pytest.raises(RecordError, match="cannot"):
        recover(tmp_path / "bag")
