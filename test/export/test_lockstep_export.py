"""Demonstrations of the simulated station, recorded for real in lockstep, as datasets."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from export.exporting import nothing

from ros_wam import share
from ros_wam.config import dump
from ros_wam.export.choice import choose, slowest_camera_hz
from ros_wam.export.episode_reader import read_episode
from ros_wam.export.lerobot import LeRobotExport
from ros_wam.export.resample import resample
from ros_wam.export.sampling import Action, Sampling
from ros_wam.export.table30 import Table30Export
from ros_wam.export.table30_reader import read_table30
from ros_wam.export.video import read_video
from ros_wam.jpeg import decode_jpeg
from ros_wam.request import Request
from ros_wam.sim.lockstep_demonstrations import run_demonstrations
from ros_wam.task import load_task
from ros_wam.types import Mode

pytestmark = [pytest.mark.slow, pytest.mark.virtual]
SECONDS = 3.0


@pytest.fixture(scope="module")
def sitting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration that is cut off by the clock, and so fails."""
    folder = tmp_path_factory.mktemp("lockstep")
    task = replace(load_task(share.find("config/tasks", "move_objects_into_box")), time_limit_s=SECONDS)
    (folder / "move_objects_into_box.yaml").write_text(dump(task))
    request = Request(
        robot="ur5",
        sim=True,
        task=str(folder / "move_objects_into_box.yaml"),
        device="scripted",
        trials=1,
        seed=3,
        record_dir=folder / "runs",
    )
    return run_demonstrations(request, lambda line: None)


def test_a_demonstration_becomes_a_dataset(sitting: Path, tmp_path: Path) -> None:
    choice = choose(sitting, include_failures=True, include_bad=True)
    sampling = Sampling(slowest_camera_hz(choice), action=Action.ASKED)
    exported = LeRobotExport(sampling).run(choice, tmp_path / "out", nothing)
    assert (exported.rate_hz, exported.left_out) == (30.0, ()) and exported.samples >= 30 * SECONDS - 3
    rows = pq.read_table(tmp_path / "out" / "data" / "chunk-000" / "file-000.parquet").to_pylist()
    assert all(row["is_intervention"] and not row["success"] for row in rows)
    state, action = (np.array([row[key] for row in rows]) for key in ("observation.state", "action"))
    assert np.abs(state[-1] - state[0]).max() > 0.1  # the arm moves
    assert np.median(np.abs(action[:-6] - state[6:])[:, :6]) < 0.02  # to where it was asked to be
    assert json.loads((tmp_path / "out" / "meta" / "info.json").read_text())["robot_type"] == "ur5"


def test_pictures_differ_from_the_recorded_ones_by_the_codecs_loss_alone(sitting: Path, tmp_path: Path) -> None:
    choice = choose(sitting, include_failures=True, include_bad=True)
    LeRobotExport(Sampling(30.0)).run(choice, tmp_path / "out", nothing)
    episode = read_episode(choice.taken[0].folder)
    samples = resample(episode, Sampling(30.0))
    for view in episode.robot.views:
        video = tmp_path / "out" / "videos" / f"observation.images.{view}" / "chunk-000" / "file-000.mp4"
        shown = [image for _, image in read_video(video)]
        recorded = [decode_jpeg(p.data) for p in episode.views[view].chosen(samples.picture[view])]
        error = [np.abs(a.astype(int) - b).mean() for a, b in zip(shown, recorded, strict=True)]
        assert max(error) < 3.0
        neighbour = [np.abs(a.astype(int) - b).mean() for a, b in zip(shown[40:], recorded, strict=False)]
        assert np.median(neighbour) > 2 * np.median(error)  # it would be seen if they were others


def test_a_demonstration_becomes_a_table30_task(sitting: Path, tmp_path: Path) -> None:
    choice = choose(sitting, include_failures=True, include_bad=True)
    Table30Export("v1", Sampling(30.0)).run(choice, tmp_path / "out", nothing)
    episode = read_table30(tmp_path / "out" / "move_objects_into_box").episode(0)
    recorded = read_episode(choice.taken[0].folder)
    samples = resample(recorded, Sampling(30.0))
    np.testing.assert_array_equal(episode.arms["arm"].joints, samples.position[:, :6])
    assert next(each.mode for each in recorded.segments if each.start_ns >= recorded.start_ns) is Mode.TELEOP
