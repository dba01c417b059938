"""The lines of Table30's state files: one arm at every sample, in its units.

Metres, radians, seconds since 1970; quaternions x, y, z, w; the gripper as its width, or on the UR5 of v1 as the count
of its controller, 0 open to 255 closed. What was asked is in force at the next sample.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ExportError
from ros_wam.export.resample import Samples
from ros_wam.export.table30_layout import Table30Layout
from ros_wam.kinematics import Kinematics
from ros_wam.policy.pose_columns import pose_part
from ros_wam.types import FloatArray

COUNTS = 255
"""What a closed gripper's controller counts."""
ALWAYS = ("time", "joints", "pose_quat", "pose_rpy", "width", "width_list", "counts")
"""What every recording of Table30 tells, in one unit or another."""
_NS_PER_S = 1_000_000_000


def table30_states(samples: Samples, robot: Embodiment, layout: Table30Layout) -> dict[str, dict[str, NDArray[Any]]]:
    """Return per arm the fields of `layout`, `(N,)` or `(N, k)`; ConfigError where the model lacks the tool's site."""
    poses = _tool_poses(samples.position, robot, layout)
    told: dict[str, dict[str, NDArray[Any]]] = {}
    for arm in robot.arms:
        known = _quantities(samples, robot, arm, poses[arm])
        told[arm] = {key: known[quantity] for key, quantity in layout.fields.items()}
    return told


def seconds(stamp_ns: NDArray[np.int64]) -> FloatArray:
    """Return stamps as seconds since 1970, as near as a float comes: 120 ns."""
    return stamp_ns // _NS_PER_S + stamp_ns % _NS_PER_S / _NS_PER_S


def nanoseconds(time_s: FloatArray) -> NDArray[np.int64]:
    """Undo `seconds`."""
    whole = np.floor(time_s)
    return whole.astype(np.int64) * _NS_PER_S + np.rint((time_s - whole) * _NS_PER_S).astype(np.int64)


def write_states(path: Path, fields: Mapping[str, NDArray[Any]]) -> None:
    """Write one JSON object a line."""
    columns = {key: values.tolist() for key, values in fields.items()}
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in zip(*columns.values(), strict=True)
        )


def read_states(path: Path, layout: Table30Layout) -> dict[str, NDArray[Any]]:
    """Undo `write_states`; fields that only some recordings have may be absent.

    Raises ExportError when a line is damaged, or lacks one that `ALWAYS` names.
    """
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        there = [key for key, quantity in layout.fields.items() if quantity in ALWAYS or key in lines[0]]
        return {key: np.array([line[key] for line in lines]) for key in there}
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        needed = [key for key, quantity in layout.fields.items() if quantity in ALWAYS]
        raise ExportError(f"cannot read {path}: {error!r}; its lines need {', '.join(needed)}") from error


def _quantities(samples: Samples, robot: Embodiment, arm: str, poses: FloatArray) -> dict[str, NDArray[Any]]:
    names = robot.joint_names
    joints = [names.index(joint) for joint in robot.arms[arm].joints]
    gripper = names.index(robot.arms[arm].gripper)
    stroke_m = robot.grippers[robot.arms[arm].gripper].stroke_m
    width, asked_width = stroke_m * samples.position[:, gripper], stroke_m * samples.asked[:, gripper]
    closing = (samples.asked[:, gripper] < 0.5).astype(np.int64)
    speed = stroke_m * samples.velocity[:, gripper]
    return {
        "time": seconds(samples.state_stamp_ns),
        "joints": samples.position[:, joints],
        "velocities": samples.velocity[:, joints],
        "efforts": samples.effort[:, [*joints, gripper]],
        "asked_joints": samples.asked[:, joints],
        "pose_quat": np.array([[*pose_part(pose, "xyz"), *pose_part(pose, "quat_xyzw")] for pose in poses]),
        "pose_rpy": np.array([[*pose_part(pose, "xyz"), *pose_part(pose, "rpy")] for pose in poses]),
        "width": width,
        "width_list": width[:, None],
        "width_velocity": speed,
        "velocities_and_gripper": np.column_stack([samples.velocity[:, joints], speed]),
        "joints_and_width": np.column_stack([samples.position[:, joints], width]),
        "asked_joints_and_width": np.column_stack([samples.asked[:, joints], asked_width]),
        "counts": np.rint(COUNTS * (1.0 - samples.position[:, gripper])).clip(0, COUNTS).astype(np.int64),
        "buttons": np.column_stack([closing, 1 - closing]),
    }


def _tool_poses(position: FloatArray, robot: Embodiment, layout: Table30Layout) -> dict[str, FloatArray]:
    """Return per arm the poses `(N, 4, 4)` of the tool that Table30 means, in the base that it means."""
    arms = {
        name: replace(
            arm,
            tool_site=layout.tool.format(arm=name),
            base_frame=arm.base_frame if layout.base is None else layout.base.format(arm=name),
        )
        for name, arm in robot.arms.items()
    }
    kinematics = Kinematics(replace(robot, arms=arms))
    return {arm: np.array([kinematics.tool_pose(row, arm) for row in position]) for arm in arms}
