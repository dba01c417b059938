"""Messages built for ROS, and the bytes that we write without ROS, are those that ROS itself publishes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from test_fields import CALIBRATION, JOINTS, records

from ros_wam import fields
from ros_wam.calibration import load_view
from ros_wam.record.cdr import serialize
from ros_wam.topics import topic_table
from ros_wam.types import ActionChunk, CameraFrame, Command, JointState, Mode

pytestmark = pytest.mark.ros

STATE = JointState(10**18 + 7, [0.1, 0.2, 0.3], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
CHUNK = ActionChunk(1, 2, 3, 10**18, 1 / 30, np.linspace(0, 1, 12).reshape(4, 3))
FRAME = CameraFrame("wrist", 10**18, np.zeros((48, 64, 3), np.uint8))
STATUS = fields.Diagnostic("control", fields.Level.ERROR, "no state", {"mode": "HOLD", "enabled": False})

EXAMPLES = [
    ("sensor_msgs/msg/JointState", fields.joint_state(STATE, JOINTS)),
    ("sensor_msgs/msg/JointState", fields.joint_command(Command(5, STATE.position), JOINTS)),
    ("sensor_msgs/msg/CompressedImage", fields.image(FRAME)),
    ("sensor_msgs/msg/CameraInfo", fields.camera_info("wrist", load_view(CALIBRATION, "wrist"), 5)),
    ("trajectory_msgs/msg/JointTrajectory", fields.action_chunk(CHUNK, JOINTS)),
    ("trajectory_msgs/msg/JointTrajectory", fields.teleop_command(Command(5, STATE.position), JOINTS)),
    ("std_msgs/msg/Float64MultiArray", fields.action_chunk_raw(3, np.full((4, 3), np.nan), JOINTS)),
    ("std_msgs/msg/Float64MultiArray", fields.setpoints(records(), JOINTS)),
    ("std_msgs/msg/Int64MultiArray", fields.setpoint_provenance(records(), JOINTS)),
    ("diagnostic_msgs/msg/DiagnosticArray", fields.diagnostics(77, STATUS)),
    ("std_msgs/msg/String", fields.json_object({"event": "recording"})),
    ("std_msgs/msg/String", fields.robot_mode(Mode.POLICY)),
    ("std_msgs/msg/Bool", fields.enable(True)),
]


@pytest.fixture(scope="module")
def node() -> Iterator[Any]:
    rclpy = pytest.importorskip("rclpy")
    context = rclpy.Context()
    context.init()
    node = rclpy.create_node("test_messages", context=context)
    yield node
    node.destroy_node()
    context.shutdown()


def published(node: Any, type_name: str, message: Any) -> bytes:
    """Return the bytes that a raw subscription gets when `message` is published."""
    from rclpy.executors import SingleThreadedExecutor

    from ros_wam.messages import message_class

    received: list[bytes] = []
    subscription = node.create_subscription(message_class(type_name), "echo", received.append, 10, raw=True)
    publisher = node.create_publisher(message_class(type_name), "echo", 10)
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    publisher.publish(message)
    for _ in range(100):
        executor.spin_once(timeout_sec=0.1)
        if received:
            break
    executor.remove_node(node)
    executor.shutdown()
    node.destroy_subscription(subscription)
    node.destroy_publisher(publisher)
    return received[0]


@pytest.mark.parametrize(("type_name", "message"), EXAMPLES)
def test_our_bytes_are_those_of_ros(node: Any, type_name: str, message: fields.Fields) -> None:
    from ros_wam.messages import build

    assert published(node, type_name, build(type_name, message)) == serialize(type_name, message)


def test_readers_take_ros_messages() -> None:
    from ros_wam.messages import build

    chunk = fields.read_action_chunk(
        build("trajectory_msgs/msg/JointTrajectory", fields.action_chunk(CHUNK, JOINTS)), JOINTS
    )
    np.testing.assert_array_equal(chunk.positions, CHUNK.positions)
    state = fields.read_joint_state(build("sensor_msgs/msg/JointState", fields.joint_state(STATE, JOINTS)), JOINTS)
    np.testing.assert_array_equal(state.velocity, STATE.velocity)
    status = build("diagnostic_msgs/msg/DiagnosticArray", fields.diagnostics(77, STATUS))
    assert fields.read_diagnostics(status)[1][0].level is fields.Level.ERROR
    table = build("std_msgs/msg/Int64MultiArray", fields.setpoint_provenance(records(), JOINTS))
    assert fields.read_setpoint_provenance(table).sequence.tolist() == [1, 2]
    frame = fields.read_image(build("sensor_msgs/msg/CompressedImage", fields.image(FRAME)))
    assert frame.image.shape == (48, 64, 3)


def test_quality_of_service_follows_the_table() -> None:
    from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

    from ros_wam.messages import qos

    table = topic_table({"wrist": 30.0}, 125.0)
    assert qos(table["trial_event"]).durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert qos(table["joint_states"]).durability == DurabilityPolicy.VOLATILE
    assert qos(table["joint_states"]).reliability == ReliabilityPolicy.RELIABLE
    assert qos(table["joint_states"]).depth == table["joint_states"].depth
