"""A trial's folder as an episode."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from recorded_trial import PROMPT, RecordedTrial

from ros_wam.errors import ExportError
from ros_wam.export.episode_reader import read_episode
from ros_wam.jpeg import decode_jpeg
from ros_wam.kinematics import Kinematics
from ros_wam.types import Mode


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> RecordedTrial:
    folder = tmp_path_factory.mktemp("sitting") / "trials" / "001"
    return RecordedTrial(folder, human_s=(0.8, 1.2), lost={"wrist": (20, 21)})


def test_an_episode_tells_what_was_recorded(trial: RecordedTrial) -> None:
    episode = read_episode(trial.folder)
    assert (episode.robot.name, episode.prompt, episode.trial.trial_id) == ("ur5", PROMPT, "001")
    assert (episode.start_ns, episode.end_ns) == (trial.start_ns, trial.end_ns)
    stamp_ns = int(episode.joints.stamp_ns[100])
    np.testing.assert_allclose(episode.joints.position[100], trial.measured(stamp_ns))
    assert np.all(episode.joints.effort == 0.2) and np.all(episode.joints.velocity == 0.1)


def test_segments_say_who_had_the_robot(trial: RecordedTrial) -> None:
    segments = read_episode(trial.folder).segments
    assert [s.mode for s in segments] == [Mode.HOLD, Mode.POLICY, Mode.TELEOP, Mode.POLICY, Mode.HOLD]
    assert segments[2].start_ns == pytest.approx(trial.start_ns + 800_000_000, abs=8_000_000)
    assert segments[2].end_ns == pytest.approx(trial.start_ns + 1_200_000_000, abs=8_000_000)


def test_chunks_are_told_where_they_begin(trial: RecordedTrial) -> None:
    episode = read_episode(trial.folder)
    assert len(episode.chunk_starts_ns) == 2  # and again after the operator gave the robot back
    assert episode.chunk_starts_ns[0] == trial.start_ns


def test_pictures_keep_their_stamps_and_come_when_they_are_asked_for(trial: RecordedTrial) -> None:
    view = read_episode(trial.folder).views["wrist"]
    frames = trial.frames("wrist")
    assert view.stamp_ns.tolist() == [trial.frame_stamp_ns("wrist", k) for k in frames]
    assert view.calibration is not None and view.calibration.width == 320
    chosen = list(view.chosen(np.array([0, 0, 19, 20])))
    assert [picture.stamp_ns for picture in chosen] == view.stamp_ns[[0, 0, 19, 20]].tolist()
    greys = [int(decode_jpeg(picture.data).mean()) for picture in chosen]
    assert greys == pytest.approx([trial.grey("wrist", frames[k]) for k in (0, 0, 19, 20)], abs=1)


def test_tool_poses_are_of_the_recorded_model(trial: RecordedTrial) -> None:
    episode = read_episode(trial.folder)
    poses = episode.tool_poses(episode.joints.position[:3])
    assert list(poses) == ["arm"]
    np.testing.assert_allclose(poses["arm"][2], Kinematics(trial.robot).tool_pose(episode.joints.position[2]))


def test_a_picture_captured_before_the_one_before_it_is_not_counted(trial: RecordedTrial) -> None:
    from ros_wam.export.recorded_view import view_stamps

    assert view_stamps([5, 7, 6, 7, 9]).tolist() == [5, 7, 9]


@pytest.mark.parametrize("missing", ["trial.json", "bag", "config"])
def test_what_is_missing_is_named(trial: RecordedTrial, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "001"
    shutil.copytree(trial.folder, folder, ignore=lambda _, names: [name for name in names if name == missing])
    with pytest.raises(ExportError, match=f"{folder} cannot be exported: .*{missing.split('.')[0]}"):
        read_episode(folder)
