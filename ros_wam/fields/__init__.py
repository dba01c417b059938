"""Core types as the fields of ROS messages, and back, without ROS.

Writers return plain nested mappings; `ros_wam.messages` builds ROS messages from them, `ros_wam.record.cdr` bytes.
Readers take anything with the attributes of the message: one of rclpy or one that rosbags decoded.
"""

from ros_wam.fields.chunks import (
    action_chunk,
    action_chunk_raw,
    read_action_chunk,
    read_action_chunk_raw,
    read_teleop_command,
    teleop_command,
)
from ros_wam.fields.depth import depth, read_depth
from ros_wam.fields.diagnostics import Diagnostic, Level, diagnostics, read_diagnostics
from ros_wam.fields.images import PictureTimes, camera_info, image, read_image, read_times, with_times
from ros_wam.fields.joints import joint_command, joint_state, read_joint_command, read_joint_state
from ros_wam.fields.setpoints import (
    MODES,
    PROVENANCE_COLUMNS,
    SETPOINT_COLUMNS,
    SetpointProvenance,
    Setpoints,
    read_setpoint_provenance,
    read_setpoints,
    setpoint_provenance,
    setpoints,
)
from ros_wam.fields.stamp import Fields, header, read_stamp, stamp
from ros_wam.fields.text import enable, json_object, read_enable, read_json_object, read_robot_mode, robot_mode

__all__ = [
    "MODES",
    "PROVENANCE_COLUMNS",
    "SETPOINT_COLUMNS",
    "Diagnostic",
    "Fields",
    "Level",
    "PictureTimes",
    "SetpointProvenance",
    "Setpoints",
    "action_chunk",
    "action_chunk_raw",
    "camera_info",
    "depth",
    "diagnostics",
    "enable",
    "header",
    "image",
    "joint_command",
    "joint_state",
    "json_object",
    "read_action_chunk",
    "read_action_chunk_raw",
    "read_depth",
    "read_diagnostics",
    "read_enable",
    "read_image",
    "read_joint_command",
    "read_joint_state",
    "read_json_object",
    "read_robot_mode",
    "read_setpoint_provenance",
    "read_setpoints",
    "read_stamp",
    "read_teleop_command",
    "read_times",
    "robot_mode",
    "setpoint_provenance",
    "setpoints",
    "stamp",
    "teleop_command",
    "with_times",
]
