"""Trials in the layout of RoboChallenge's Table30: a folder per task, with states as JSON lines and a video per view.

Beside Table30's own files, `meta/ros_wam.jsonl` of an episode keeps of every line the true stamps, who had the robot
and what was sent, for which Table30 has no place.
"""

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import ConfigError, ExportError
from ros_wam.export.choice import Choice, Chosen
from ros_wam.export.destination import SOURCE, Destination
from ros_wam.export.episode import Episode
from ros_wam.export.progress import Advance, Exported, Report, note
from ros_wam.export.resample import Samples, resample
from ros_wam.export.sampling import Sampling
from ros_wam.export.staging import open_destination, stage
from ros_wam.export.table30_layout import RATE_HZ, table30_layout
from ros_wam.export.table30_meta import camera_features, episode_meta, robot_id, task_desc, task_info
from ros_wam.export.table30_states import table30_states, write_states
from ros_wam.export.video import write_video
from ros_wam.fields import MODES
from ros_wam.run_config import load_run_config
from ros_wam.task import Task, load_task

EXTRA = "ros_wam.jsonl"
_ABOUT = "about.json"


@dataclass(frozen=True)
class Table30Export:
    """`version` is one of VERSIONS; `number` tells this robot from others of its kind. The rate is always Table30's."""

    version: str
    sampling: Sampling
    number: int = 1

    def __post_init__(self) -> None:
        if self.sampling.rate_hz != RATE_HZ:
            raise ExportError(f"rate_hz is {self.sampling.rate_hz:g}, must be {RATE_HZ} for Table30")

    def run(self, choice: Choice, out: Path, report: Report) -> Exported:
        """Write the episodes to `out/<task>`, or go on; those that cannot be sampled are left out, and named.

        Raises ExportError when `out` holds something else, when Table30 has no such robot, or when none is left.
        """
        robots: dict[str, str] = {}
        for chosen in choice.taken:
            task, robot = chosen.trial.task, chosen.trial.robot
            table30_layout(self.version, robot)
            if robots.setdefault(task, robot) != robot:
                raise ExportError(
                    f"{chosen.name} is of {robot}, others of {task} are of {robots[task]}: export them apart"
                )
        destination = open_destination(out, f"table30 {self.version}", self.sampling, {"number": self.number}, choice)
        kept, left_out = stage(destination, choice, self._write, report)
        notes = tuple(_about(destination.staged(chosen.name))["note"] for chosen in kept)
        tasks = sorted({chosen.trial.task for chosen in kept})
        with destination.finishing(tasks):
            samples = sum(self._gather(destination, task, [c for c in kept if c.trial.task == task]) for task in tasks)
        return Exported(out, len(kept), samples, RATE_HZ, tuple(left_out), tuple(filter(None, notes)))

    def _write(self, episode: Episode, chosen: Chosen, folder: Path, advance: Advance) -> None:
        layout = table30_layout(self.version, episode.robot.name)
        samples = resample(episode, self.sampling)
        for part in ("states", "videos", "meta"):
            (folder / part).mkdir()
        for arm, fields in table30_states(samples, episode.robot, layout).items():
            write_states(folder / "states" / layout.states[arm], fields)
        _write_extra(folder / "meta" / EXTRA, samples)
        called = robot_id(layout, self.number)
        features = camera_features(episode.robot, episode.views, layout)
        _write_json(folder / "meta" / "episode_meta.json", episode_meta(samples, layout, called, features))
        done, total = itertools.count(1), len(samples) * len(layout.videos)
        for view, name in layout.videos.items():
            pictures = _told(episode.views[view].decoded(samples.picture[view]), lambda: advance(next(done), total))
            write_video(folder / "videos" / f"{name}.mp4", Fraction(RATE_HZ), pictures)
        desc = task_desc(episode.trial.task, episode.prompt, _task(episode), layout)
        said = note(chosen.name, samples.dropped, samples.repeated, samples.trimmed)
        about = {"task_info": task_info(desc, layout, called), "task_desc": desc, "note": said}
        _write_json(folder / _ABOUT, about)

    def _gather(self, destination: Destination, task: str, kept: Sequence[Chosen]) -> int:
        """Make the task's folder of its episodes; return how many samples they have."""
        frames, folder = 0, destination.folder / task
        for number, chosen in enumerate(kept):
            staged, place = destination.staged(chosen.name), folder / "data" / f"episode_{number:06d}"
            shutil.copytree(staged, place, copy_function=_link, ignore=shutil.ignore_patterns(_ABOUT, SOURCE))
            path = place / "meta" / "episode_meta.json"
            meta = json.loads(path.read_text(encoding="utf-8"))
            frames += meta["frames"]
            if self.version == "v1":
                path.unlink()  # it shares its data with the staged one
                _write_json(path, {"episode_index": number, **meta})
        about = _about(destination.staged(kept[0].name))
        (folder / "meta").mkdir()
        _write_json(folder / "task_desc.json", about["task_desc"])
        _write_json(folder / "meta" / "task_info.json", about["task_info"])
        return frames


def _about(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    return told


def _told(pictures: Iterator[NDArray[np.uint8]], seen: Callable[[], None]) -> Iterator[NDArray[np.uint8]]:
    for image in pictures:
        yield image
        seen()


def _task(episode: Episode) -> Task | None:
    """Return what the recorded task file says; one of an older form tells nothing."""
    path = load_run_config(episode.folder / "config" / "config.yaml").task
    try:
        return None if path is None else load_task(path)
    except ConfigError:
        return None


def _write_extra(path: Path, samples: Samples) -> None:
    columns = {
        "stamp_ns": samples.stamp_ns,
        "setpoint_stamp_ns": samples.action_stamp_ns,
        "source": np.array([MODES[k].value for k in samples.source]),
        "sent": samples.sent,
        **{f"picture_stamp_ns.{view}": stamps for view, stamps in samples.picture_stamp_ns.items()},
    }
    write_states(path, columns)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")


def _link(source: str, target: str) -> None:
    """Give a file a second name; a copy where the disk knows no second names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
