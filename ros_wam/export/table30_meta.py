"""What Table30 says of a task and of an episode, beside states and videos."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.export.recorded_view import RecordedView
from ros_wam.export.resample import Samples
from ros_wam.export.table30_layout import RATE_HZ, Table30Layout
from ros_wam.export.table30_states import seconds
from ros_wam.export.video import CODEC, PIXELS
from ros_wam.kinematics import Kinematics
from ros_wam.task import Task


def robot_id(layout: Table30Layout, number: int) -> str:
    """Return what Table30 calls the robot of this `number` in a lab."""
    return f"{'rc_' if layout.version == 'v2' else ''}{layout.family}_{number}"


def task_desc(name: str, prompt: str, task: Task | None, layout: Table30Layout) -> dict[str, Any]:
    """Return `task_desc.json`; what a task is scored by is told where it is known."""
    arms = "dual-arm" if len(layout.states) > 1 else "single-arm"
    scoring = "" if task is None else "\n".join(f"{stage.name}: {stage.points:g}" for stage in task.stages)
    told = {"task_name": name, "prompt": prompt, "scoring": scoring, "task_tag": [arms, layout.family.upper()]}
    return told if layout.version == "v1" else {**told, "description": prompt}


def task_info(desc: Mapping[str, Any], layout: Table30Layout, robot: str) -> dict[str, Any]:
    """Return `meta/task_info.json`; in v1 it names the robot."""
    video = {"fps": RATE_HZ, "ext": "mp4", "encoding": {"vcodec": CODEC, "pix_fmt": PIXELS}}
    told = {"task_desc": dict(desc), "video_info": video}
    return {"robot_id": robot, **told} if layout.version == "v1" else told


def episode_meta(samples: Samples, layout: Table30Layout, robot: str, features: Mapping[str, Any]) -> dict[str, Any]:
    """Return `meta/episode_meta.json` without the index that v1 has there: it is known when all episodes are."""
    told = {
        "start_time": float(seconds(samples.stamp_ns)[0]),
        "end_time": float(seconds(samples.stamp_ns)[-1]),
        "frames": len(samples),
    }
    return told if layout.version == "v1" else {**told, "robot_id": robot, "features": dict(features)}


def camera_features(
    robot: Embodiment, views: Mapping[str, RecordedView], layout: Table30Layout
) -> dict[str, dict[str, Any]]:
    """Return v2's `features`: of each fixed camera its matrix [px] and its pose `(4, 4)` [m] in each arm's base.

    Those of a camera that an arm carries, or that is not calibrated, are empty, as Table30 has them.
    """
    kinematics = Kinematics(robot)
    told: dict[str, dict[str, Any]] = {}
    for view, camera in layout.cameras.items():
        calibration = views[view].calibration
        matrix: list[Any] = []
        poses: dict[str, Any] = {arm: [] for arm in layout.states}
        if calibration is not None and calibration.frame in {arm.base_frame for arm in robot.arms.values()}:
            matrix = calibration.camera_matrix.tolist()
            for arm in layout.states:
                body = robot.arms[arm].base_frame if layout.base is None else layout.base.format(arm=arm)
                T_base_own = kinematics.body_pose(body, arm)
                poses[arm] = (np.linalg.inv(T_base_own) @ calibration.T_frame_camera).tolist()
        told[camera] = {"intrinsics": matrix, "extrinsics": {"arms": poses}}
    return told
