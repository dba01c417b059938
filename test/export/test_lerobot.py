"""A LeRobot dataset's files, read with pyarrow and PyAV alone; test_lerobot_itself.py asks LeRobot."""

import itertools
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from export.exporting import nothing, sitting_of
from recorded_trial import PROMPT, RecordedTrial

from ros_wam.errors import ExportError
from ros_wam.export.choice import choose
from ros_wam.export.destination import MANIFEST, STAGED
from ros_wam.export.episode_reader import read_episode
from ros_wam.export.lerobot import LeRobotExport
from ros_wam.export.lerobot_files import FileLimits
from ros_wam.export.progress import Exported, Step
from ros_wam.export.recorded_view import RecordedPicture, RecordedView
from ros_wam.export.resample import resample
from ros_wam.export.sampling import Gaps, Sampling
from ros_wam.export.video import read_video
from ros_wam.trial.outcome import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

RATE = Sampling(30.0)
VIEWS = ("wrist", "global")


class Dataset:
    """What is in the folder of a dataset."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info = json.loads((folder / "meta" / "info.json").read_text())
        self.stats = json.loads((folder / "meta" / "stats.json").read_text())
        self.tasks = pq.read_table(folder / "meta" / "tasks.parquet").to_pylist()
        self.episodes = self._rows("meta/episodes")
        self.samples = self._rows("data")

    def _rows(self, part: str) -> list[dict[str, Any]]:
        files = sorted((self.folder / part).glob("chunk-*/file-*.parquet"))
        return list(itertools.chain.from_iterable(pq.read_table(file).to_pylist() for file in files))

    def file(self, template: str, part: str, episode: dict[str, Any], **more: str) -> Path:
        where = {name: episode[f"{part}/{name}"] for name in ("chunk_index", "file_index")}
        return self.folder / self.info[template].format(**where, **more)

    def pictures(self, view: str, episode: dict[str, Any]) -> list[np.ndarray]:
        key = f"observation.images.{view}"
        path = self.file("video_path", f"videos/{key}", episode, video_key=key)
        first, last = (episode[f"videos/{key}/{end}_timestamp"] for end in ("from", "to"))
        return [image for at_s, image in read_video(path) if first - 1e-6 <= at_s < last - 1e-6]


def export(folder: Path, out: Path, sampling: Sampling = RATE, **more: Any) -> Exported:
    return LeRobotExport(sampling, **more).run(choose(folder, include_failures=True), out, nothing)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, list[RecordedTrial]]:
    folder = tmp_path_factory.mktemp("three")
    recorded = sitting_of(folder / "sitting", 2, human_s=(0.2, 0.5))
    recorded += [RecordedTrial(folder / "sitting" / "trials" / "003", seconds=0.7, outcome=Outcome.FAILURE)]
    assert export(folder / "sitting", folder / "out").episodes == 3
    return Dataset(folder / "out"), recorded


def test_samples_are_those_of_the_recordings(three: tuple[Dataset, list[RecordedTrial]]) -> None:
    dataset, recorded = three
    for episode, trial in zip(dataset.episodes, recorded, strict=True):
        samples = resample(read_episode(trial.folder), RATE)
        rows = dataset.samples[episode["dataset_from_index"] : episode["dataset_to_index"]]
        assert episode["length"] == len(rows) == len(samples)
        assert [row["stamp_ns"] for row in rows] == samples.stamp_ns.tolist()
        assert [row["setpoint_stamp_ns"] for row in rows] == samples.action_stamp_ns.tolist()
        for view in VIEWS:
            stamps = [row[f"picture_stamp_ns.{view}"] for row in rows]
            assert stamps == samples.picture_stamp_ns[view].tolist()
        np.testing.assert_array_equal([row["observation.state"] for row in rows], samples.position.astype(np.float32))
        np.testing.assert_array_equal([row["action"] for row in rows], samples.action.astype(np.float32))
        assert {row["success"] for row in rows} == {trial is not recorded[2]}


def test_what_lerobot_counts_by_is_gapless(three: tuple[Dataset, list[RecordedTrial]]) -> None:
    dataset, _ = three
    assert [row["index"] for row in dataset.samples] == list(range(len(dataset.samples)))
    assert dataset.info["total_frames"] == len(dataset.samples) and dataset.info["total_episodes"] == 3
    for number, episode in enumerate(dataset.episodes):
        rows = dataset.samples[episode["dataset_from_index"] : episode["dataset_to_index"]]
        assert {row["episode_index"] for row in rows} == {number} == {episode["episode_index"]}
        assert [row["frame_index"] for row in rows] == list(range(len(rows)))
        np.testing.assert_allclose([row["timestamp"] for row in rows], np.arange(len(rows)) / 30, atol=1e-6)
    assert dataset.tasks == [{"task_index": 0, "task": PROMPT}]
    assert dataset.episodes[0]["tasks"] == [PROMPT] and dataset.episodes[2]["ros_wam/outcome"] == "failure"


def test_pictures_of_an_episode_are_found_in_the_file_that_it_shares(
    three: tuple[Dataset, list[RecordedTrial]],
) -> None:
    dataset, recorded = three
    assert len(list(dataset.folder.glob("videos/*/*/*.mp4"))) == len(VIEWS)
    for episode, trial in zip(dataset.episodes, recorded, strict=True):
        samples = resample(read_episode(trial.folder), RATE)
        for view in VIEWS:
            shown = [int(image.mean()) for image in dataset.pictures(view, episode)]
            expected = [trial.grey(view, trial.frames(view)[k]) for k in samples.picture[view]]
            assert shown == pytest.approx(expected, abs=3)


def test_who_had_the_robot_is_told(three: tuple[Dataset, list[RecordedTrial]]) -> None:
    dataset, _ = three
    first = dataset.samples[: dataset.episodes[0]["length"]]
    modes = dataset.info["features"]["source"]["names"]
    human = [row["is_intervention"] for row in first]
    assert human == [modes[row["source"]] == "TELEOP" for row in first]
    assert [k for k, told in enumerate(human) if told] == list(range(5, 15))  # 0.2 to 0.5 s, one instant ahead


def test_every_column_is_described(three: tuple[Dataset, list[RecordedTrial]]) -> None:
    dataset, recorded = three
    features = dataset.info["features"]
    stored = {name for name, feature in features.items() if feature["dtype"] != "video"}
    assert stored == set(dataset.samples[0]) and set(dataset.stats) == set(features)
    assert features["observation.state"]["names"] == list(recorded[0].robot.joint_names)
    assert features["observation.images.wrist"]["shape"] == [48, 64, 3]
    policys = {name for name in features if name.startswith(("observation", "action"))}
    assert policys == {"observation.state", "action", *(f"observation.images.{view}" for view in VIEWS)}
    assert (dataset.info["fps"], dataset.info["robot_type"], dataset.info["codebase_version"]) == (30, "ur5", "v3.0")


def test_statistics_are_of_all_samples_and_of_each_episode(three: tuple[Dataset, list[RecordedTrial]]) -> None:
    dataset, _ = three
    actions = np.array([row["action"] for row in dataset.samples], dtype=np.float64)
    np.testing.assert_allclose(dataset.stats["action"]["mean"], actions.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(dataset.stats["action"]["q99"], np.quantile(actions, 0.99, axis=0), atol=1e-6)
    assert dataset.stats["stamp_ns"]["min"] == [dataset.samples[0]["stamp_ns"]]
    last = dataset.episodes[2]
    own = actions[last["dataset_from_index"] : last["dataset_to_index"]]
    np.testing.assert_allclose(last["stats/action/max"], own.max(axis=0), atol=1e-6)
    colours = dataset.stats["observation.images.wrist"]
    assert np.shape(colours["mean"]) == (3, 1, 1) and 0.15 < np.min(colours["mean"]) < np.max(colours["max"]) < 0.8


def test_files_are_begun_anew_at_their_limits(tmp_path: Path) -> None:
    sitting_of(tmp_path / "sitting", 3, seconds=0.5)
    export(tmp_path / "sitting", tmp_path / "out", limits=FileLimits(data_mb=0, video_mb=0))
    dataset = Dataset(tmp_path / "out")
    assert [episode["data/file_index"] for episode in dataset.episodes] == [0, 1, 2]
    for episode in dataset.episodes:
        path = dataset.file("data_path", "data", episode)
        assert pq.read_table(path).num_rows == episode["length"]
        assert len(dataset.pictures("wrist", episode)) == episode["length"]
        assert episode["videos/observation.images.wrist/from_timestamp"] == 0.0
    assert [row["index"] for row in dataset.samples] == list(range(len(dataset.samples)))


def interrupt_at(episode: int, done: int) -> Any:
    def report(step: Step) -> None:
        if step.number == episode and step.done == done:
            raise KeyboardInterrupt

    return report


@pytest.mark.virtual
def test_an_interrupted_export_goes_on_and_encodes_nothing_twice(tmp_path: Path) -> None:
    sitting_of(tmp_path / "sitting", 3, seconds=0.5)
    choice, out = choose(tmp_path / "sitting"), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        LeRobotExport(RATE).run(choice, out, interrupt_at(1, 7))
    first = out / STAGED / "sitting-001" / "wrist.mp4"
    written_ns = first.stat().st_mtime_ns
    with pytest.raises(KeyboardInterrupt):
        LeRobotExport(RATE).run(choice, out, interrupt_at(2, 3))
    assert first.stat().st_mtime_ns == written_ns
    steps: list[Step] = []
    assert LeRobotExport(RATE).run(choice, out, steps.append).episodes == 3
    assert [step.of for step in steps if step.number < 2] == [1, 1]  # these were there already
    assert sorted(path.name for path in out.iterdir()) == ["data", "meta", MANIFEST, "videos"]
    LeRobotExport(RATE).run(choice, tmp_path / "at_once", nothing)
    for path in sorted((tmp_path / "at_once").rglob("*.*")):
        if path.is_file():
            assert path.read_bytes() == (out / path.relative_to(tmp_path / "at_once")).read_bytes(), path


def test_a_finished_export_is_not_begun_again(tmp_path: Path) -> None:
    sitting_of(tmp_path / "sitting", 1, seconds=0.5)
    export(tmp_path / "sitting", tmp_path / "out")
    with pytest.raises(ExportError, match="is finished already: it holds these 1 episodes"):
        export(tmp_path / "sitting", tmp_path / "out")


def test_an_episode_with_a_damaged_picture_is_left_out_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sitting = tmp_path / "sitting"
    sitting_of(sitting, 2)
    pictures = RecordedView.pictures

    def damaged(view: RecordedView) -> Iterator[RecordedPicture]:
        for each in pictures(view):
            yield each._replace(data=b"no picture") if view.bag_dir.parent.name == "001" else each

    monkeypatch.setattr(RecordedView, "pictures", damaged)
    exported = export(sitting, tmp_path / "out")
    ((name, why),) = exported.left_out
    assert (exported.episodes, name) == (1, "sitting-001") and "is damaged" in why


def test_an_episode_with_a_gap_is_left_out_by_name(tmp_path: Path) -> None:
    sitting_of(tmp_path / "sitting", 1)
    RecordedTrial(tmp_path / "sitting" / "trials" / "002", seconds=1.0, lost={"wrist": tuple(range(15, 25))})
    exported = export(tmp_path / "sitting", tmp_path / "out")
    assert exported.episodes == 1
    ((name, why),) = exported.left_out
    assert name == "sitting-002" and "missing in its middle" in why
    exported = export(tmp_path / "sitting", tmp_path / "dropped", Sampling(30.0, gaps=Gaps.DROP))
    assert exported.episodes == 2 and "sitting-002: 8 samples without wrist" in " ".join(exported.notes)


def test_episodes_of_different_robots_are_not_mixed(tmp_path: Path) -> None:
    sitting_of(tmp_path / "a", 1, seconds=0.5)
    sitting_of(tmp_path / "b", 1, seconds=0.5, robot="franka")
    with pytest.raises(ExportError, match="b-001 has robot franka, a-001 has ur5: export them apart"):
        export(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()  # told before anything is encoded


def test_lerobot_wants_whole_rates() -> None:
    with pytest.raises(ExportError, match=r"rate_hz is 29\.97, must be a whole number"):
        LeRobotExport(Sampling(29.97))


@pytest.mark.virtual
def test_memory_does_not_grow_with_the_length_of_an_episode(tmp_path: Path) -> None:
    peaks = []
    for seconds in (1.0, 6.0):
        folder = tmp_path / f"{seconds:g}"
        sitting_of(folder / "sitting", 1, seconds=seconds, size=(240, 320))
        tracemalloc.start()
        export(folder / "sitting", folder / "out")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    one_picture = 240 * 320 * 3
    assert peaks[1] - peaks[0] < 12 * one_picture  # 150 more pictures of each of two views
