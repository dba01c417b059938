"""Reads a task in Table30's layout, ours or RoboChallenge's own: what was recorded, in the stack's own units."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import ExportError
from ros_wam.export.table30_layout import Table30Layout, table30_layout
from ros_wam.export.table30_states import COUNTS, nanoseconds, read_states
from ros_wam.export.video import read_video
from ros_wam.policy.pose_columns import rotations
from ros_wam.types import FloatArray

UR5_STROKE_M = 0.085
"""Between the fingers of the UR5's gripper when it counts 0."""
_MILLISECONDS = 1e11  # a time in seconds reaches this in the year 5138; v1's own text says milliseconds


@dataclass(frozen=True, eq=False)
class Table30Arm:
    """One arm: `stamp_ns` `(N,)`, joints `(N, n)` [rad], its tool's poses `(N, 4, 4)` [m], the gripper's width [m].

    `fields` are the columns of its file, as they are there.
    """

    stamp_ns: NDArray[np.int64]
    joints: FloatArray
    poses: FloatArray
    width_m: FloatArray
    fields: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Table30Episode:
    """One episode: `meta` is its episode_meta.json, `arms` are by name; pictures are read when they are asked for."""

    folder: Path
    layout: Table30Layout
    meta: dict[str, Any]
    arms: dict[str, Table30Arm]

    def pictures(self, view: str) -> Iterator[NDArray[np.uint8]]:
        """Yield the HxWx3 RGB pictures of `view`, one for each line of states; raises ExportError."""
        for _, image in read_video(self.folder / "videos" / f"{self.layout.videos[view]}.mp4"):
            yield image


@dataclass(frozen=True)
class Table30Task:
    """A task's folder: `info` is its task_info.json."""

    name: str
    prompt: str
    info: dict[str, Any]
    episodes: tuple[Path, ...]
    version: str
    robot: str

    def episode(self, number: int) -> Table30Episode:
        """Read the episode of this number, from 0; raises ExportError when a file is missing or damaged."""
        folder, layout = self.episodes[number], table30_layout(self.version, self.robot)
        arms = {arm: _arm(read_states(folder / "states" / file, layout), layout) for arm, file in layout.states.items()}
        return Table30Episode(folder, layout, _json(folder / "meta" / "episode_meta.json"), arms)


def read_table30(folder: Path) -> Table30Task:
    """Return the task in `folder`; raises ExportError when it is none, or its robot is unknown."""
    info = _json(folder / "meta" / "task_info.json")
    episodes = tuple(sorted(path for path in folder.glob("data/episode_*") if path.is_dir()))
    if not episodes:
        raise ExportError(f"{folder} holds no data/episode_NNNNNN")
    version = "v1" if "robot_id" in info else "v2"
    called = str(info.get("robot_id") or _json(episodes[0] / "meta" / "episode_meta.json").get("robot_id"))
    try:
        desc = info["task_desc"]
        name, prompt = desc["task_name"], desc["prompt"]
    except (KeyError, TypeError) as error:
        raise ExportError(f"{folder}: task_info.json has no {error}") from error
    robot = called.removeprefix("rc_").rpartition("_")[0]
    table30_layout(version, robot)
    return Table30Task(name, prompt, info, episodes, version, robot)


def _arm(fields: dict[str, NDArray[Any]], layout: Table30Layout) -> Table30Arm:
    known = {quantity: fields[key] for key, quantity in layout.fields.items() if key in fields}
    time_s = known["time"].astype(np.float64).ravel()
    if len(time_s) and time_s[0] > _MILLISECONDS:
        time_s = time_s * 1e-3
    if "counts" in known:
        width = UR5_STROKE_M * (1.0 - known["counts"].astype(np.float64) / COUNTS)
    else:
        width = known["width_list"] if "width_list" in known else known["width"]
    rotation = "quat_xyzw" if "pose_quat" in known else "rpy"
    pose = known["pose_quat" if "pose_quat" in known else "pose_rpy"].astype(np.float64)
    poses = np.tile(np.eye(4), (len(pose), 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = rotations(pose[:, 3:], rotation), pose[:, :3]
    return Table30Arm(
        stamp_ns=nanoseconds(time_s),
        joints=known["joints"].astype(np.float64),
        poses=poses,
        width_m=np.asarray(width, dtype=np.float64).reshape(len(time_s)),
        fields=fields,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise ExportError(f"cannot read {path}: it holds no JSON object")
    return value
