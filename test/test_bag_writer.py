"""What the writer leaves is a rosbag2 bag: rosbags is the judge."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore

from ros_wam import fields
from ros_wam.errors import RecordError
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import Topic, topic_table

TOPICS = topic_table({"wrist": 30.0}, 125.0)
STRING = "std_msgs/msg/String"


def text(number: int) -> bytes:
    return serialize(STRING, {"data": f"message {number}"})


def test_rosbags_reads_every_message(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", TOPICS) as writer:
        for k in range(500):
            writer.write("robot_mode", 10**9 + k * 10**7, text(k))
            writer.write("enable", 10**9 + k * 10**7 + 1, serialize("std_msgs/msg/Bool", fields.enable(k % 2 == 0)))
    store = get_typestore(Stores.ROS2_KILTED)
    with Reader(tmp_path / "bag") as reader:
        assert {c.topic: c.msgtype for c in reader.connections} == {f"/{t.name}": t.type for t in TOPICS.values()}
        assert all(c.digest == store.hash_rihs01(c.msgtype) for c in reader.connections)
        assert (reader.start_time, reader.message_count) == (10**9, 1000)
        texts = [store.deserialize_cdr(d, STRING).data for c, _, d in reader.messages() if c.topic == "/robot_mode"]
    assert texts == [f"message {k}" for k in range(500)]


def test_layout_is_that_of_rosbag2(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", TOPICS) as writer:
        writer.write("robot_mode", 2_000, text(0), publish_ns=1_500)
    assert sorted(p.name for p in (tmp_path / "bag").iterdir()) == ["bag_0.mcap", "metadata.yaml"]
    metadata = yaml.safe_load((tmp_path / "bag" / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    assert (metadata["version"], metadata["storage_identifier"]) == (9, "mcap")
    assert metadata["relative_file_paths"] == ["bag_0.mcap"]
    with (tmp_path / "bag" / "bag_0.mcap").open("rb") as file:
        reader = make_reader(file)
        assert reader.get_header().profile == "ros2"
        records = {record.name: record.metadata for record in reader.iter_metadata()}
        assert yaml.safe_load(records["rosbag2"]["serialized_metadata"]) == metadata
        ((schema, channel, message),) = reader.iter_messages()
    assert (message.log_time, message.publish_time) == (2_000, 1_500)
    assert schema is not None
    assert (schema.name, schema.encoding, channel.message_encoding) == (STRING, "ros2msg", "cdr")
    assert channel.metadata["topic_type_hash"].startswith("RIHS01_")
    assert yaml.safe_load(channel.metadata["offered_qos_profiles"])[0]["durability"] == "transient_local"


def test_nothing_is_visible_before_the_bag_is_complete(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag", TOPICS)
    writer.write("robot_mode", 1, text(0))
    writer.flush()
    assert not (tmp_path / "bag" / "metadata.yaml").exists()
    writer.close()
    assert (tmp_path / "bag" / "metadata.yaml").exists()


def test_data_reach_the_system_within_a_second(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag", TOPICS)
    path = tmp_path / "bag" / "bag_0.mcap"
    writer.write("robot_mode", 10**12, text(0))
    before = path.stat().st_size
    writer.write("robot_mode", 10**12 + 799_999_999, text(1))
    assert path.stat().st_size == before
    writer.write("robot_mode", 10**12 + 800_000_000, text(2))
    assert path.stat().st_size > before
    writer.abandon()


def test_an_empty_bag_can_be_read(tmp_path: Path) -> None:
    BagWriter(tmp_path / "bag", TOPICS).close()
    with Reader(tmp_path / "bag") as reader:
        assert reader.message_count == 0


def test_a_bag_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    with pytest.raises(RecordError, match=r"cannot make the bag .*bag: File exists"):
        BagWriter(tmp_path / "bag", TOPICS)


def test_an_unknown_topic_is_refused(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag", {"robot_mode": Topic("robot_mode", STRING)})
    with pytest.raises(RecordError, match=r"no topic mode in .*; there are: robot_mode"):
        writer.write("mode", 0, b"")
    writer.abandon()


_FILL = """
import resource, sys
from pathlib import Path
from ros_wam.errors import RecordError
from ros_wam.record.bag_writer import BagWriter
from ros_wam.topics import Topic
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
writer = BagWriter(Path(sys.argv[1]), {"image": Topic("image", "sensor_msgs/msg/CompressedImage")})
import random
try:
    for k in range(100):
        writer.write("image", k * 10**9, random.randbytes(20_000))
except RecordError as error:
    sys.stdout.write(str(error))
try:
    writer.close()
except RecordError as error:
    sys.stdout.write("; closing: " + str(error))
"""


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", _FILL, str(tmp_path / "bag")], capture_output=True, text=True, check=True, timeout=30
    )
    assert re.search(r"bag_0.mcap after \d+ messages: File too large; closing: cannot write", result.stdout)
    assert not (tmp_path / "bag" / "metadata.yaml").exists()


def test_images_are_kept_bit_for_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pictures = [rng.bytes(60_000) for _ in range(40)]
    kind = "sensor_msgs/msg/CompressedImage"
    with BagWriter(tmp_path / "bag", TOPICS) as writer:
        for k, picture in enumerate(pictures):
            writer.write("wrist/image/compressed", k, serialize(kind, {"format": "jpeg", "data": picture}))
    store = get_typestore(Stores.ROS2_KILTED)
    with Reader(tmp_path / "bag") as reader:
        assert [bytes(store.deserialize_cdr(data, kind).data) for _, _, data in reader.messages()] == pictures
