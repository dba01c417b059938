"""Bags read back, and described."""

from pathlib import Path

import pytest
from test_fields import JOINTS, records

from ros_wam import fields
from ros_wam.errors import RecordError
from ros_wam.record.bag_info import describe
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.bag_writer import BagWriter
from ros_wam.record.cdr import serialize
from ros_wam.topics import image_topic, topic_table
from ros_wam.types import JointState

TOPICS = topic_table({"wrist": 30.0}, 125.0)
MS = 1_000_000


def write_states(writer: BagWriter, stamps_ms: list[int]) -> None:
    for stamp in stamps_ms:
        state = JointState(stamp * MS, [0.1] * 3, [0.0] * 3, [0.0] * 3)
        data = serialize("sensor_msgs/msg/JointState", fields.joint_state(state, JOINTS))
        writer.write("joint_states", (stamp + 3) * MS, data, state.stamp_ns)


def test_messages_come_back_decoded_and_in_the_order_written(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", TOPICS) as writer:
        write_states(writer, [8, 0])
        writer.write("robot_mode", 5 * MS, serialize("std_msgs/msg/String", {"data": "HOLD"}))
    with BagReader(tmp_path / "bag") as reader:
        assert reader.topics == {topic.name: topic.type for topic in TOPICS.values()}
        assert (reader.start_ns, reader.end_ns, reader.counts["joint_states"]) == (3 * MS, 11 * MS, 2)
        messages = list(reader.messages())
        assert [m.topic for m in messages] == ["joint_states", "joint_states", "robot_mode"]
        assert [m.stamp_ns for m in messages] == [11 * MS, 3 * MS, 5 * MS]
        assert fields.read_joint_state(messages[0].message, JOINTS).stamp_ns == 8 * MS
        assert [m.topic for m in reader.messages(["robot_mode"])] == ["robot_mode"]
        assert list(reader.messages([])) == []
        assert reader.expected_rates_hz["joint_states"] == 125.0
        with pytest.raises(RecordError, match=r"no joint_state in .*; there are: wrist/image"):
            list(reader.messages(["joint_state"]))


def test_every_view_has_the_rate_of_its_own_camera(tmp_path: Path) -> None:
    BagWriter(tmp_path / "bag", topic_table({"wrist": 30.0, "global": 15.0}, 125.0)).close()
    with BagReader(tmp_path / "bag") as reader:
        rates_hz = reader.expected_rates_hz
    assert (rates_hz[image_topic("wrist")], rates_hz[image_topic("global")]) == (30.0, 15.0)


def test_what_is_no_finished_bag_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no bag in"):
        BagReader(tmp_path)
    writer = BagWriter(tmp_path / "bag", TOPICS)
    with pytest.raises(RecordError, match="ros-wam bag recover"):
        BagReader(tmp_path / "bag")
    writer.close()
    (tmp_path / "bag" / "bag_0.mcap").write_bytes(b"rubbish")
    with pytest.raises(RecordError, match="cannot read the bag"):
        BagReader(tmp_path / "bag")


def test_a_damaged_chunk_is_not_taken_for_data(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", TOPICS) as writer:
        write_states(writer, list(range(0, 400, 8)))
    file = tmp_path / "bag" / "bag_0.mcap"
    data = bytearray(file.read_bytes())
    middle = data.index(b"\x28\xb5\x2f\xfd") + 600  # of the first chunk's zstd frame
    data[middle : middle + 4] = bytes(byte ^ 0xFF for byte in data[middle : middle + 4])
    file.write_bytes(data)
    with BagReader(tmp_path / "bag") as reader, pytest.raises(RecordError, match="cannot read the bag"):
        list(reader.messages(["joint_states"]))


def test_description_counts_what_is_missing(tmp_path: Path) -> None:
    kinds = ("std_msgs/msg/Float64MultiArray", "std_msgs/msg/Int64MultiArray")
    with BagWriter(tmp_path / "bag", TOPICS) as writer:
        write_states(writer, [0, 8, 16, 40, 48])
        for stamp in (0, 20):
            writer.write("setpoints", stamp * MS, serialize(kinds[0], fields.setpoints(records(), JOINTS)))
        for rows in (records()[:1], records()[1:]):
            writer.write("setpoint_provenance", 0, serialize(kinds[1], fields.setpoint_provenance(rows, JOINTS)))
    rows = {row.topic: row for row in describe(tmp_path / "bag")}
    assert list(rows) == list(TOPICS)
    states = rows["joint_states"]
    assert (states.count, states.expected_hz, states.missing) == (5, 125.0, 2)
    assert states.longest_gap_s == pytest.approx(0.024)
    assert states.rate_hz == pytest.approx(4 / 0.048)
    assert (rows["setpoints"].count, rows["setpoints"].missing) == (2, 0)
    assert (rows["robot_mode"].count, rows["robot_mode"].rate_hz, rows["robot_mode"].missing) == (0, None, None)


def test_missing_setpoints_are_counted_by_sequence(tmp_path: Path) -> None:
    kind = "std_msgs/msg/Int64MultiArray"
    first, second = records()
    late = type(second)(9, second.stamp_ns, second.mode, None, None, second.desired, second.verdict, second.sent)
    with BagWriter(tmp_path / "bag", TOPICS) as writer:
        for stamp, rows in ((0, [first, second]), (20, [late])):
            data = serialize(kind, fields.setpoint_provenance(rows, JOINTS))
            writer.write("setpoint_provenance", stamp * MS, data)
    rows = {row.topic: row for row in describe(tmp_path / "bag")}
    assert rows["setpoint_provenance"].missing == 4  # six rows, of which a message holds one and a half
