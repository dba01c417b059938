"""The columns of a LeRobot dataset: what LeRobot asks for, and beside it what was true when.

LeRobot's policies take every column whose name begins with `observation` or `action` as their input or output; the
stamps, and what else is ours, are named otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ros_wam.export.resample import Samples
from ros_wam.fields import MODES
from ros_wam.types import Mode

Feature = dict[str, Any]

BOOKKEEPING: dict[str, Feature] = {
    "timestamp": {"dtype": "float32", "shape": [1], "names": None},
    "frame_index": {"dtype": "int64", "shape": [1], "names": None},
    "episode_index": {"dtype": "int64", "shape": [1], "names": None},
    "index": {"dtype": "int64", "shape": [1], "names": None},
    "task_index": {"dtype": "int64", "shape": [1], "names": None},
}
"""What LeRobot counts by; its `timestamp` is `frame_index / fps`, whatever the cameras did."""


def picture_key(view: str) -> str:
    """Return the column of a view's pictures."""
    return f"observation.images.{view}"


def own_features(joint_names: Sequence[str], views: Iterable[str]) -> dict[str, Feature]:
    """Return the columns that an episode brings, in order, without pictures and what LeRobot counts by."""
    vector = {"dtype": "float32", "shape": [len(joint_names)], "names": list(joint_names)}
    number, flag = ({"dtype": kind, "shape": [1], "names": None} for kind in ("int64", "bool"))
    return {
        "observation.state": dict(vector),
        "action": dict(vector),
        "joint_velocity": dict(vector),
        "joint_effort": dict(vector),
        "stamp_ns": dict(number),
        "state_stamp_ns": dict(number),
        "setpoint_stamp_ns": dict(number),
        **{f"picture_stamp_ns.{view}": dict(number) for view in views},
        "source": {**number, "names": [mode.value for mode in MODES]},
        "is_intervention": dict(flag),
        "success": dict(flag),
    }


def picture_feature(width: int, height: int, rate_hz: int, codec: str, pixels: str) -> Feature:
    """Return the column of a view whose pictures are a video."""
    return {
        "dtype": "video",
        "shape": [height, width, 3],
        "names": ["height", "width", "channels"],
        "info": {
            "video.height": height,
            "video.width": width,
            "video.codec": codec,
            "video.pix_fmt": pixels,
            "video.is_depth_map": False,
            "video.fps": rate_hz,
            "video.channels": 3,
            "has_audio": False,
        },
    }


def own_columns(samples: Samples, success: bool) -> dict[str, NDArray[Any]]:
    """Return the values of `own_features`, `(N, …)` each."""
    return {
        "observation.state": samples.position.astype(np.float32),
        "action": samples.action.astype(np.float32),
        "joint_velocity": samples.velocity.astype(np.float32),
        "joint_effort": samples.effort.astype(np.float32),
        "stamp_ns": samples.stamp_ns,
        "state_stamp_ns": samples.state_stamp_ns,
        "setpoint_stamp_ns": samples.action_stamp_ns,
        **{f"picture_stamp_ns.{view}": stamps for view, stamps in samples.picture_stamp_ns.items()},
        "source": samples.source,
        "is_intervention": samples.source == MODES.index(Mode.TELEOP),
        "success": np.full(len(samples), success),
    }


def counting_columns(length: int, rate_hz: float, episode: int, first: int, task: int) -> dict[str, NDArray[Any]]:
    """Return the values of BOOKKEEPING for an episode of `length` samples, the first of which is the `first` of all."""
    frame = np.arange(length, dtype=np.int64)
    return {
        "timestamp": (frame / rate_hz).astype(np.float32),
        "frame_index": frame,
        "episode_index": np.full(length, episode, dtype=np.int64),
        "index": first + frame,
        "task_index": np.full(length, task, dtype=np.int64),
    }


def as_table(columns: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Return columns `(N,)` and `(N, n)` as an Arrow table."""
    return pa.table({name: _arrow(values) for name, values in columns.items()})


def column_values(tables: Sequence[pa.Table], name: str) -> NDArray[Any]:
    """Return a column of all tables, `(N, n)`; one of plain numbers is `(N, 1)`."""
    column = pa.chunked_array([chunk for table in tables for chunk in table.column(name).chunks])
    if pa.types.is_fixed_size_list(column.type):
        flat = np.concatenate([chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks])
        return flat.reshape(-1, column.type.list_size)
    return np.asarray(column.to_numpy()).reshape(-1, 1)


def _arrow(values: NDArray[Any]) -> pa.Array:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).ravel()), values.shape[1])
