"""Reads the folder of one trial or demonstration: `trial.json`, `bag/` and the configuration in `config/`."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ros_wam.calibration import ViewCalibration, load_view
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ExportError, RosWamError, TrialError
from ros_wam.export.episode import Episode
from ros_wam.export.joint_track import JointTrack
from ros_wam.export.recorded_view import RecordedView, view_stamps
from ros_wam.fields import read_joint_state, read_json_object
from ros_wam.record.bag_reader import BagReader, RawMessage
from ros_wam.record.cdr import deserialize, source_stamp_ns
from ros_wam.run_config import RunConfig, load_run_config
from ros_wam.task import load_task
from ros_wam.topics import image_topic
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.outcome import Trial, trial_from_json
from ros_wam.types import JointState

_TABLES = ("joint_states", "trial_command")


@dataclass
class _Found:
    joints: list[JointState] = field(default_factory=list)
    prompt: str = ""
    stamps: dict[str, list[int]] = field(default_factory=dict)


def read_episode(folder: Path) -> Episode:
    """Return what the trial in `folder` recorded; the pictures stay in its bag until they are asked for.

    Raises ExportError naming the folder and what is missing or cannot be read.
    """
    try:
        trial = _read_trial(folder / "trial.json")
        config = load_run_config(folder / "config" / "config.yaml")
        robot, bag_dir = config.embodiment(), folder / "bag"
        found = _read_bag(bag_dir, robot)
        return Episode(
            folder=folder,
            trial=trial,
            robot=robot,
            prompt=found.prompt or _prompt(config),
            trace=read_trace(bag_dir),
            joints=_track(found.joints, len(robot.joint_names)),
            views=_views(robot, bag_dir, found, config),
        )
    except RosWamError as error:
        raise ExportError(f"{folder} cannot be exported: {error}") from error


def _read_trial(path: Path) -> Trial:
    try:
        return trial_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise TrialError(f"cannot read {path.name}: {error}") from error


def _prompt(config: RunConfig) -> str:
    if config.task is None:
        raise ExportError("the recording names no prompt and no task")
    return load_task(config.task).prompt


def _read_bag(bag_dir: Path, robot: Embodiment) -> _Found:
    found = _Found()
    pictures = {image_topic(view) for view in robot.views}
    with BagReader(bag_dir) as bag:
        for raw in bag.raw_messages([topic for topic in bag.topics if topic in pictures or topic in _TABLES]):
            if raw.topic in pictures:
                stamp_ns = source_stamp_ns(raw.type, raw.data)
                if stamp_ns is not None:
                    found.stamps.setdefault(raw.topic, []).append(stamp_ns)
            else:
                _take(found, raw, robot)
    return found


def _take(found: _Found, raw: RawMessage, robot: Embodiment) -> None:
    message = deserialize(raw.type, raw.data)
    if raw.topic == "joint_states":
        state = read_joint_state(message, robot.joint_names)
        if not found.joints or state.stamp_ns > found.joints[-1].stamp_ns:
            found.joints.append(state)
    else:
        found.prompt = str(read_json_object(message).get("prompt") or found.prompt)


def _track(states: list[JointState], joints: int) -> JointTrack:
    def column(name: str) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        return np.array([getattr(state, name) for state in states], dtype=np.float64).reshape(-1, joints)

    stamp_ns = np.array([state.stamp_ns for state in states], dtype=np.int64)
    return JointTrack(stamp_ns, column("position"), column("velocity"), column("effort"))


def _views(robot: Embodiment, bag_dir: Path, found: _Found, config: RunConfig) -> dict[str, RecordedView]:
    topics = {view: image_topic(view) for view in robot.views}
    return {
        view: RecordedView(view, topic, bag_dir, view_stamps(found.stamps[topic]), _calibration(config, view))
        for view, topic in topics.items()
        if topic in found.stamps
    }


def _calibration(config: RunConfig, view: str) -> ViewCalibration | None:
    return load_view(config.calibration, view) if (config.calibration / f"{view}.yaml").is_file() else None
