"""Every core type survives the way through its message's bytes."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ros_wam import fields
from ros_wam.calibration import load_view
from ros_wam.causes import Limit
from ros_wam.errors import CameraError, RecordError, SpecError
from ros_wam.jpeg import decode_jpeg
from ros_wam.record.cdr import deserialize, serialize
from ros_wam.types import (
    ActionChunk,
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
CALIBRATION = Path(__file__).parents[1] / "calib" / "ur5" / "sim"

times_ns = st.integers(0, 2**31 * 10**9 - 1)
ids = st.integers(0, 2**40)
finite = st.floats(-10.0, 10.0)
vectors = arrays(np.float64, 3, elements=finite)


def through(type_name: str, message: fields.Fields) -> Any:
    return deserialize(type_name, serialize(type_name, message))


@given(times_ns)
def test_stamps_are_exact(time_ns: int) -> None:
    assert fields.read_stamp(through("builtin_interfaces/msg/Time", fields.stamp(time_ns))) == time_ns


@given(times_ns, vectors, vectors, vectors)
def test_joint_state_round_trip(time_ns: int, position: Any, velocity: Any, effort: Any) -> None:
    state = JointState(time_ns, position, velocity, effort)
    message = through("sensor_msgs/msg/JointState", fields.joint_state(state, JOINTS))
    back = fields.read_joint_state(message, JOINTS)
    assert back.stamp_ns == time_ns
    np.testing.assert_array_equal([back.position, back.velocity, back.effort], [position, velocity, effort])
    reversed_order = fields.read_joint_state(message, JOINTS[::-1])
    np.testing.assert_array_equal(reversed_order.position, position[::-1])


def test_missing_joint_is_an_error() -> None:
    state = JointState(0, [0.0] * 3, [0.0] * 3, [0.0] * 3)
    message = through("sensor_msgs/msg/JointState", fields.joint_state(state, JOINTS))
    with pytest.raises(SpecError, match="joint9"):
        fields.read_joint_state(message, (*JOINTS, "joint9"))
    command = through("sensor_msgs/msg/JointState", fields.joint_command(Command(0, np.zeros(3)), JOINTS))
    with pytest.raises(SpecError, match="velocity"):
        fields.read_joint_state(command, JOINTS)


@given(times_ns, vectors)
def test_commands_round_trip(time_ns: int, position: Any) -> None:
    command = Command(time_ns, position)
    sent = through("sensor_msgs/msg/JointState", fields.joint_command(command, JOINTS))
    teleop = through("trajectory_msgs/msg/JointTrajectory", fields.teleop_command(command, JOINTS))
    for back in (fields.read_joint_command(sent, JOINTS), fields.read_teleop_command(teleop, JOINTS)):
        assert back.stamp_ns == time_ns
        np.testing.assert_array_equal(back.position, position)


@given(ids, ids, times_ns, times_ns, st.integers(2, 60), st.floats(0.005, 1.0), st.booleans())
def test_action_chunk_round_trip(
    inference_id: int, chunk_id: int, observed_ns: int, t0_ns: int, length: int, dt_s: float, anchored: bool
) -> None:
    positions = np.linspace(-1.0, 1.0, length * 3).reshape(length, 3)
    chunk = ActionChunk(inference_id, chunk_id, observed_ns if anchored else t0_ns, t0_ns, dt_s, positions)
    message = through("trajectory_msgs/msg/JointTrajectory", fields.action_chunk(chunk, JOINTS))
    assert message.header.frame_id.startswith(f"{inference_id}/{chunk_id}")
    back = fields.read_action_chunk(message, JOINTS)
    assert (back.inference_id, back.chunk_id) == (inference_id, chunk_id)
    assert (back.observation_stamp_ns, back.t0_ns) == (chunk.observation_stamp_ns, t0_ns)
    assert back.end_ns == chunk.end_ns
    assert back.dt_s == pytest.approx(dt_s, abs=1e-9)
    np.testing.assert_array_equal(back.positions, positions)


def chunk_message(**changes: Any) -> Any:
    chunk = ActionChunk(1, 2, 5, 5, 0.1, np.zeros((3, 3)))
    message = through("trajectory_msgs/msg/JointTrajectory", fields.action_chunk(chunk, JOINTS))
    return SimpleNamespace(
        header=SimpleNamespace(stamp=message.header.stamp, frame_id=changes.get("frame_id", "1/2")),
        joint_names=message.joint_names,
        points=changes.get("points", message.points),
    )


def test_a_malformed_chunk_is_refused() -> None:
    points = chunk_message().points
    for changes in ({"points": points[:1]}, {"points": [points[0], points[2], points[1]]}, {"points": points[1:]}):
        with pytest.raises(SpecError, match="points"):
            fields.read_action_chunk(chunk_message(**changes), JOINTS)
    for frame_id in ("", "base", "1", "1/2/3/4", "1/b", f"{2**63}/1", f"1/2/-{2**63}"):
        with pytest.raises(SpecError, match="frame_id"):
            fields.read_action_chunk(chunk_message(frame_id=frame_id), JOINTS)
    with pytest.raises(SpecError, match="at least 2"):
        fields.action_chunk(ActionChunk(1, 2, 5, 5, 0.1, np.zeros((1, 3))), JOINTS)


@given(ids, arrays(np.float64, (4, 2), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_raw_chunk_round_trip_keeps_what_is_not_finite(inference_id: int, actions: Any) -> None:
    message = through(
        "std_msgs/msg/Float64MultiArray", fields.action_chunk_raw(inference_id, actions, ("joint1", "gripper"))
    )
    assert fields.read_action_chunk_raw(message)[:2] == (inference_id, ["joint1", "gripper"])
    np.testing.assert_array_equal(fields.read_action_chunk_raw(message)[2], actions)


def records() -> list[StepRecord]:
    state = JointState(90, [0.1, 0.2, 0.3], [0.0] * 3, [0.0] * 3)
    target = Target(np.array([0.4, 0.5, 0.6]), np.zeros(3), Provenance(80, 7, 8, 9, True))
    command = Command(100, np.array([0.2, 0.3, 0.4]))
    limited = SafetyVerdict(
        command,
        None,
        (
            Intervention(Limit.VELOCITY, "joint2", 2.0, 1.0),
            Intervention(Limit.POSITION, "gripper", 2.0, 1.0),
            Intervention(Limit.WORKSPACE, "", 2.0, 1.0),
        ),
    )
    return [
        StepRecord(1, 100, Mode.POLICY, state, target, command, limited, command, late_ns=3),
        StepRecord(
            2, 108, Mode.FAULT, None, None, Command(0, np.full(3, np.nan)), SafetyVerdict(command, None), command
        ),
    ]


def test_setpoints_round_trip() -> None:
    message = through("std_msgs/msg/Float64MultiArray", fields.setpoints(records(), JOINTS))
    assert [dimension.label for dimension in message.layout.dim] == [
        "1 2",
        "measured target desired sent",
        "joint1 joint2 gripper",
    ]
    back = fields.read_setpoints(message)
    nan = [np.nan] * 3
    assert back.joint_names == JOINTS
    assert back.sequence.tolist() == [1, 2]
    np.testing.assert_array_equal(back.measured, [[0.1, 0.2, 0.3], nan])
    np.testing.assert_array_equal(back.target, [[0.4, 0.5, 0.6], nan])
    np.testing.assert_array_equal(back.desired, [[0.2, 0.3, 0.4], nan])
    np.testing.assert_array_equal(back.sent, [[0.2, 0.3, 0.4]] * 2)


def test_setpoint_provenance_round_trip() -> None:
    message = through("std_msgs/msg/Int64MultiArray", fields.setpoint_provenance(records(), JOINTS))
    back = fields.read_setpoint_provenance(message)
    row = [getattr(back, column).tolist() for column in fields.PROVENANCE_COLUMNS]
    mask = int(Limit.VELOCITY | Limit.POSITION | Limit.WORKSPACE)
    origin = [[80, -1], [7, -1], [8, -1], [9, -1]]
    assert row == [
        [1, 2],
        [100, 108],
        *origin,
        [1, 4],
        [mask, 0],
        [0b110, 0],
        [1, 0],
        [3, 0],
        [0b100, 0],
        [0b10, 0],
        [0, 0],
    ]
    changed = {Limit.POSITION: ("gripper",), Limit.VELOCITY: ("joint2",), Limit.WORKSPACE: ()}
    assert (back.changes(0, JOINTS), back.changes(1, JOINTS)) == (changed, {})
    assert [fields.MODES[code] for code in back.source] == [Mode.POLICY, Mode.FAULT]


@pytest.mark.parametrize("label", ["1", "1 2 3", "1 two", "1 99999999999999999999", "1 -2"])
def test_setpoints_whose_rows_are_not_numbered_are_refused(label: str) -> None:
    message = through("std_msgs/msg/Float64MultiArray", fields.setpoints(records(), JOINTS))
    message.layout.dim[0].label = label
    with pytest.raises(SpecError, match="setpoints: 2 rows are numbered"):
        fields.read_setpoints(message)


def test_a_table_with_other_columns_is_refused() -> None:
    raw = through("std_msgs/msg/Float64MultiArray", fields.action_chunk_raw(1, np.zeros((2, 1)), ("joint1",)))
    with pytest.raises(SpecError, match="measured target desired sent"):
        fields.read_setpoints(raw)
    with pytest.raises(SpecError, match="sequence"):
        fields.read_setpoint_provenance(raw)
    with pytest.raises(SpecError, match="raw action chunk"):
        fields.read_action_chunk_raw(through("std_msgs/msg/Float64MultiArray", fields.setpoints(records(), JOINTS)))
    with pytest.raises(SpecError, match="sizes"):
        fields.read_setpoints(through("std_msgs/msg/Float64MultiArray", {"data": np.zeros(3)}))


def test_image_round_trip() -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32, 0] = 200
    message = through("sensor_msgs/msg/CompressedImage", fields.image(CameraFrame("wrist", 123, picture)))
    back = fields.read_image(message)
    assert (message.format, back.view, back.stamp_ns) == ("jpeg", "wrist", 123)
    assert np.abs(back.image.astype(int) - picture).mean() < 2.0
    with pytest.raises(CameraError, match="3 bytes"):
        message.data = np.zeros(3, np.uint8)
        fields.read_image(message)


def test_a_picture_carries_its_times_where_no_decoder_minds() -> None:
    picture = np.full((48, 64, 3), 90, np.uint8)
    plain, times = fields.image(CameraFrame("wrist", 123, picture)), fields.PictureTimes(130, 140)
    message = through("sensor_msgs/msg/CompressedImage", fields.with_times(plain, times))
    assert fields.read_times(message) == times
    np.testing.assert_array_equal(fields.read_image(message).image, decode_jpeg(plain["data"]))
    assert fields.read_times(through("sensor_msgs/msg/CompressedImage", plain)) is None
    message.data = np.zeros(3, np.uint8)
    assert fields.read_times(message) is None


def test_camera_info_has_the_intrinsics() -> None:
    calibration = load_view(CALIBRATION, "wrist")
    message = through("sensor_msgs/msg/CameraInfo", fields.camera_info("wrist", calibration, 5))
    assert (message.width, message.height, message.header.frame_id) == (calibration.width, calibration.height, "wrist")
    np.testing.assert_array_equal(message.k.reshape(3, 3), calibration.camera_matrix)
    np.testing.assert_array_equal(message.p.reshape(3, 4)[:, :3], calibration.camera_matrix)
    assert message.distortion_model == "plumb_bob"


def test_diagnostics_round_trip() -> None:
    status = fields.Diagnostic(
        "policy", fields.Level.WARN, "slow", {"state": "ready", "latency_ms": 3.5, "cause": None}
    )
    message = through("diagnostic_msgs/msg/DiagnosticArray", fields.diagnostics(77, status))
    stamp_ns, (back,) = fields.read_diagnostics(message)
    assert (stamp_ns, back.name, back.level, back.message) == (77, "policy", fields.Level.WARN, "slow")
    assert back.values == {"state": "ready", "latency_ms": "3.5", "cause": ""}


def test_text_round_trip() -> None:
    event = {"event": "recording", "episode": "001", "dropped": {"wrist/image": 0}}
    assert fields.read_json_object(through("std_msgs/msg/String", fields.json_object(event))) == event
    for mode in Mode:
        assert through("std_msgs/msg/String", fields.robot_mode(mode)).data == mode.value
    for held in (True, False):
        assert fields.read_enable(through("std_msgs/msg/Bool", fields.enable(held))) is held
    for text in ("{", "[]"):
        with pytest.raises(SpecError, match="JSON"):
            fields.read_json_object(SimpleNamespace(data=text))


def test_bytes_of_another_type_are_refused() -> None:
    with pytest.raises(RecordError, match="JointState"):
        deserialize("sensor_msgs/msg/JointState", b"\0\1\0\0abc")
    with pytest.raises(RecordError, match="has no field datum; it has: data"):
        serialize("std_msgs/msg/String", {"datum": ""})
