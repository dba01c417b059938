"""Action chunks: admitted ones as `trajectory_msgs/JointTrajectory`, the server's own answer as a labelled table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.fields.stamp import Fields, header, read_stamp, stamp
from ros_wam.fields.table import read_table, table
from ros_wam.specs import in_joint_order
from ros_wam.types import ActionChunk, Command, FloatArray

_RAW_LABEL = "inference_id="
_LARGEST_ID = 2**63 - 1


def action_chunk(chunk: ActionChunk, joint_names: Sequence[str]) -> Fields:
    """`action_chunk`: stamp = t0, point k is due at `time_from_start` = k · dt, in nanoseconds.

    frame_id is `<inference_id>/<chunk_id>`, followed by `/<observation_stamp_ns>` only where that differs from t0.
    Raises SpecError for a chunk of one point, whose dt could not be read back.
    """
    if len(chunk.positions) < 2:
        raise SpecError(f"action chunk {chunk.chunk_id}: {len(chunk.positions)} points, must be at least 2")
    frame_id = f"{chunk.inference_id}/{chunk.chunk_id}"
    if chunk.observation_stamp_ns != chunk.t0_ns:
        frame_id += f"/{chunk.observation_stamp_ns}"
    points = [
        {"positions": position, "time_from_start": stamp(round(k * chunk.dt_s * 1e9))}
        for k, position in enumerate(chunk.positions)
    ]
    return {"header": header(chunk.t0_ns, frame_id), "joint_names": list(joint_names), "points": points}


def read_action_chunk(message: Any, joint_names: Sequence[str]) -> ActionChunk:
    """Return the chunk in the order of `joint_names`.

    Raises SpecError for a missing joint, fewer than two points, points that are not evenly spaced in time, values that
    are not finite, or a frame_id of another form.
    """
    t0_ns = read_stamp(message.header.stamp)
    ids = _ids(message.header.frame_id)
    names = list(message.joint_names)
    positions = [in_joint_order("action chunk", names, point.positions, joint_names) for point in message.points]
    times_ns = np.array([read_stamp(point.time_from_start) for point in message.points], dtype=np.int64)
    if len(times_ns) < 2:
        raise SpecError(f"action chunk {ids[1]}: {len(times_ns)} points, must be at least 2")
    dt_ns = times_ns[-1] / (len(times_ns) - 1)
    if dt_ns <= 0 or np.abs(times_ns - dt_ns * np.arange(len(times_ns))).max() > 1.5:
        raise SpecError(f"action chunk {ids[1]}: points at {times_ns.tolist()} ns are not evenly spaced from 0")
    observation_stamp_ns = ids[2] if len(ids) == 3 else t0_ns
    return ActionChunk(ids[0], ids[1], observation_stamp_ns, t0_ns, float(dt_ns) * 1e-9, np.array(positions))


def _ids(frame_id: str) -> list[int]:
    try:
        ids = [int(part) for part in frame_id.split("/")]
    except ValueError:
        ids = []
    if len(ids) not in (2, 3) or max(map(abs, ids)) > _LARGEST_ID:
        raise SpecError(
            f"action chunk: frame_id {frame_id!r} must be <inference_id>/<chunk_id>[/<observation_stamp_ns>],"
            " integers of 64 bits"
        )
    return ids


def action_chunk_raw(inference_id: int, actions: FloatArray, columns: Sequence[str]) -> Fields:
    """`action_chunk_raw`: `actions` `(T, len(columns))` as the server gave them; row label: inference."""
    return table(np.asarray(actions, dtype=np.float64), f"{_RAW_LABEL}{inference_id}", columns)


def read_action_chunk_raw(message: Any) -> tuple[int, list[str], FloatArray]:
    """Return inference id, column names and actions `(T, columns)`; raises SpecError when it is no such table."""
    label, columns, actions = read_table(message)
    if len(columns) != 1 or not label.startswith(_RAW_LABEL):
        raise SpecError(f"raw action chunk: label {label!r} and {len(columns)} column axes")
    return int(label.removeprefix(_RAW_LABEL)), columns[0], actions.astype(np.float64)


def teleop_command(command: Command, joint_names: Sequence[str]) -> Fields:
    """`teleop_command`: one point, due at its stamp."""
    point = {"positions": command.position, "time_from_start": stamp(0)}
    return {"header": header(command.stamp_ns), "joint_names": list(joint_names), "points": [point]}


def read_teleop_command(message: Any, joint_names: Sequence[str]) -> Command:
    """Return the command in the order of `joint_names`; raises SpecError unless it has exactly one point."""
    if len(message.points) != 1:
        raise SpecError(f"teleop command: {len(message.points)} points, must be 1")
    position = in_joint_order("teleop command", list(message.joint_names), message.points[0].positions, joint_names)
    return Command(read_stamp(message.header.stamp), position)
