"""The RTDE variables that the emulated controller has, with their types (UR RTDE guide)."""

_VECTORS = (
    "target_q target_qd target_qdd target_current target_moment actual_q actual_qd actual_current joint_control_output "
    "actual_TCP_pose actual_TCP_speed actual_TCP_force target_TCP_pose target_TCP_speed joint_temperatures "
    "actual_joint_voltage payload_inertia"
)
_DOUBLES = (
    "timestamp actual_execution_time speed_scaling target_speed_fraction actual_momentum actual_main_voltage "
    "actual_robot_voltage actual_robot_current standard_analog_input0 standard_analog_input1 standard_analog_output0 "
    "standard_analog_output1 payload"
)

_COMMON_OUTPUTS = {
    **dict.fromkeys(_VECTORS.split(), "VECTOR6D"),
    **dict.fromkeys(_DOUBLES.split(), "DOUBLE"),
    "actual_tool_accelerometer": "VECTOR3D",
    "payload_cog": "VECTOR3D",
    "joint_mode": "VECTOR6INT32",
    "robot_mode": "INT32",
    "safety_mode": "INT32",
    "runtime_state": "UINT32",
    "robot_status_bits": "UINT32",
    "safety_status_bits": "UINT32",
    "script_control_line": "UINT32",
    "actual_digital_input_bits": "UINT64",
    "actual_digital_output_bits": "UINT64",
}
_ESERIES_OUTPUTS = {"ft_raw_wrench": "VECTOR6D", "safety_status": "INT32"}

_COMMON_INPUTS = {
    "speed_slider_mask": "UINT32",
    "speed_slider_fraction": "DOUBLE",
    "standard_digital_output_mask": "UINT8",
    "standard_digital_output": "UINT8",
    "configurable_digital_output_mask": "UINT8",
    "configurable_digital_output": "UINT8",
    "tool_digital_output_mask": "UINT8",
    "tool_digital_output": "UINT8",
    "standard_analog_output_mask": "UINT8",
    "standard_analog_output_type": "UINT8",
    "standard_analog_output_0": "DOUBLE",
    "standard_analog_output_1": "DOUBLE",
}
_ESERIES_INPUTS = {"external_force_torque": "VECTOR6D"}

REGISTERS = range(48)
"""General purpose registers: 0–23 are for field buses, 24–47 for external RTDE clients; ur_rtde uses the lower ones."""


def output_types(major: int) -> dict[str, str]:
    """Name and type of what a controller of that major version publishes."""
    registers = {f"output_int_register_{n}": "INT32" for n in REGISTERS}
    registers |= {f"output_double_register_{n}": "DOUBLE" for n in REGISTERS}
    return {**_COMMON_OUTPUTS, **(_ESERIES_OUTPUTS if major >= 5 else {}), **registers}


def input_types(major: int) -> dict[str, str]:
    """Name and type of what a client may write to a controller of that major version."""
    registers = {f"input_int_register_{n}": "INT32" for n in REGISTERS}
    registers |= {f"input_double_register_{n}": "DOUBLE" for n in REGISTERS}
    return {**_COMMON_INPUTS, **(_ESERIES_INPUTS if major >= 5 else {}), **registers}
