"""A dataset of ours in LeRobot's own hands, without a network: what it loads is what was recorded.

LeRobot needs an environment of its own, of 6 GB; the variable LEROBOT_PYTHON names its interpreter:
pip install lerobot==0.4.4
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export.exporting import nothing, sitting_of
from recorded_trial import PROMPT, RecordedTrial

from ros_wam.export.choice import choose
from ros_wam.export.episode_reader import read_episode
from ros_wam.export.lerobot import LeRobotExport
from ros_wam.export.lerobot_files import FileLimits
from ros_wam.export.resample import Samples, resample
from ros_wam.export.sampling import Sampling

PYTHON = os.environ.get("LEROBOT_PYTHON", "")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PYTHON, reason="LEROBOT_PYTHON is not set, see above")]
READER = Path(__file__).parent / "lerobot_reader.py"
TIMEOUT_S = 300.0
CODEC_LOSS = 3  # levels of 255


@pytest.fixture(scope="module", params=[FileLimits(), FileLimits(data_mb=0, video_mb=0)], ids=["shared", "apart"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], list[RecordedTrial]]:
    """What LeRobot tells of a dataset whose episodes share files, or have each its own."""
    folder = tmp_path_factory.mktemp("lerobot")
    recorded = sitting_of(folder / "sitting", 3, human_s=(0.2, 0.5))
    LeRobotExport(Sampling(30.0), request.param).run(choose(folder / "sitting"), folder / "out", nothing)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    answer = subprocess.run(
        [PYTHON, str(READER), str(folder / "out")],
        capture_output=True,
        text=True,
        env=environment,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout.splitlines()[-1]), recorded


def all_samples(recorded: list[RecordedTrial]) -> list[tuple[RecordedTrial, Samples, int]]:
    found = []
    for trial in recorded:
        samples = resample(read_episode(trial.folder), Sampling(30.0))
        found += [(trial, samples, k) for k in range(len(samples))]
    return found


def test_lerobot_loads_every_sample_with_its_stamps(told: tuple[dict[str, Any], list[RecordedTrial]]) -> None:
    dataset, recorded = told
    expected = all_samples(recorded)
    assert len(dataset["rows"]) == len(expected) and dataset["episodes"] == 3
    for row, (trial, samples, k) in zip(dataset["rows"], expected, strict=True):
        assert row["stamp_ns"] == samples.stamp_ns[k] and row["task"] == PROMPT and row["success"]
        assert row["picture_stamp_ns"] == {view: int(each[k]) for view, each in samples.picture_stamp_ns.items()}
        np.testing.assert_array_equal(np.float32(row["state"]), samples.position[k].astype(np.float32))
        assert recorded[row["episode"]] is trial


def test_pictures_are_decoded_as_they_were_recorded(told: tuple[dict[str, Any], list[RecordedTrial]]) -> None:
    dataset, recorded = told
    for row, (trial, samples, k) in zip(dataset["rows"], all_samples(recorded), strict=True):
        for view, colour in row["colour"].items():
            grey = trial.grey(view, trial.frames(view)[samples.picture[view][k]])
            assert colour == pytest.approx([grey] * 3, abs=CODEC_LOSS)
            assert row["shape"][view] == [3, 48, 64]


def test_chunks_of_actions_are_of_the_same_episode(told: tuple[dict[str, Any], list[RecordedTrial]]) -> None:
    dataset, recorded = told
    for row, (_, samples, k) in zip(dataset["rows"], all_samples(recorded), strict=True):
        there = [k + ahead < len(samples) for ahead in range(3)]
        assert row["action_is_pad"] == [not each for each in there]
        wanted = samples.action[k : k + 3].astype(np.float32)
        np.testing.assert_array_equal(np.float32(row["action"])[there], wanted)


def test_policies_take_joints_and_pictures_and_nothing_else(told: tuple[dict[str, Any], list[RecordedTrial]]) -> None:
    dataset, _ = told
    assert dataset["policys"] == {
        "observation.state": "STATE",
        "action": "ACTION",
        "observation.images.wrist": "VISUAL",
        "observation.images.global": "VISUAL",
    }
    assert dataset["batch"] == [8, 3, 48, 64] and dataset["colours"] == [3, 1, 1]
    assert (dataset["fps"], dataset["robot"]) == (30, "ur5")
