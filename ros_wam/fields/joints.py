"""Joint states and joint commands as `sensor_msgs/JointState`; joints go by name."""

from collections.abc import Sequence
from typing import Any

from ros_wam.fields.stamp import Fields, header, read_stamp
from ros_wam.specs import in_joint_order
from ros_wam.types import Command, JointState


def joint_state(state: JointState, joint_names: Sequence[str]) -> Fields:
    """`joint_states`: what was measured [rad, rad/s, N m; grippers 0–1, 1/s, N]."""
    return {
        "header": header(state.stamp_ns),
        "name": list(joint_names),
        "position": state.position,
        "velocity": state.velocity,
        "effort": state.effort,
    }


def read_joint_state(message: Any, joint_names: Sequence[str]) -> JointState:
    """Return the joint state in the order of `joint_names`; raises SpecError when a joint or a value is missing."""
    names = list(message.name)
    position, velocity, effort = (
        in_joint_order(f"joint state {field}", names, getattr(message, field), joint_names)
        for field in ("position", "velocity", "effort")
    )
    return JointState(read_stamp(message.header.stamp), position, velocity, effort)


def joint_command(command: Command, joint_names: Sequence[str]) -> Fields:
    """`joint_commands`: the positions that were sent [rad, grippers 0–1]."""
    return {"header": header(command.stamp_ns), "name": list(joint_names), "position": command.position}


def read_joint_command(message: Any, joint_names: Sequence[str]) -> Command:
    """Return the command in the order of `joint_names`; raises SpecError when a joint is missing."""
    position = in_joint_order("joint command", list(message.name), message.position, joint_names)
    return Command(read_stamp(message.header.stamp), position)
