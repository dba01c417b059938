"""A Rerun recording holds what the bag held, under RoboChallenge's names, at the stamps that it had."""

import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rerun as rr
from export.made_episode import T0_NS, UR5, made_episode
from export.test_annex_b import decoded, picture

from ros_wam import share
from ros_wam.causes import Limit
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import RecordError
from ros_wam.export.episode import Episode
from ros_wam.export.recorded_view import RecordedPicture
from ros_wam.export.rerun_events import events, summary
from ros_wam.export.rerun_names import CHUNKS, INTERVENTIONS, SOURCE, STAGES, joint_entities, video_entities
from ros_wam.export.rrd import BATCH, write_rrd
from ros_wam.fields import MODES
from ros_wam.trial.trace import Inference
from ros_wam.types import Mode, Stage

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

JOINTS_NS = list(range(0, 2_000_000_000, 8_000_000))
TICKS_NS = list(range(4_000_000, 2_000_000_000, 8_000_000))
FRAMES_NS = [33_333_333 * k + 1 for k in range(60)]


@dataclass(frozen=True)
class MadeView:
    """Pictures that are in no bag."""

    stamps: Sequence[int]

    def pictures(self) -> Iterator[RecordedPicture]:
        return (picture(k)._replace(stamp_ns=T0_NS + stamp) for k, stamp in enumerate(self.stamps))


@pytest.fixture
def episode() -> Episode:
    made = made_episode({"wrist": FRAMES_NS, "global": FRAMES_NS}, JOINTS_NS, TICKS_NS, 2_000_000_000)
    origin = made.trace.origin
    source = np.full(len(TICKS_NS), MODES.index(Mode.POLICY))
    source[100:150] = MODES.index(Mode.TELEOP)
    chunk_id = np.where(source == MODES.index(Mode.POLICY), 7, -1)
    chunk_id[200:] = 8
    limits = np.zeros(len(TICKS_NS), np.int64)
    limits[50:60] = int(Limit.VELOCITY)
    velocity = np.where(limits > 0, 0b101, 0)
    origin = replace(
        origin,
        source=source,
        chunk_id=chunk_id,
        inference_id=chunk_id,
        index=np.zeros(len(TICKS_NS), np.int64),
        limits=limits,
        velocity_joints=velocity,
    )
    inferences = (Inference(T0_NS + 5, 80.0), Inference(T0_NS + 10**9, 90.0))
    stage = Stage("grasped", 4.0, 4.0, 1, T0_NS + 77)
    return replace(
        made,
        trace=replace(made.trace, origin=origin, inferences=inferences),
        trial=replace(made.trial, stages=(stage,), takeovers=1),
        folder=Path("sitting/trials/001"),
        views={view: MadeView(FRAMES_NS) for view in ("wrist", "global")},  # type: ignore[dict-item]
    )


def column(path: Path, entity: str, component: str) -> tuple[list[int], list[Any]]:
    """Return the stamps and the values that a recording has of an entity."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        view = rr.dataframe.load_recording(str(path)).view(index="timestamp", contents=f"/{entity}")
        table = view.select("timestamp", f"/{entity}:{component}").read_all()
    rows = zip(table.column(0).cast("int64").to_pylist(), table.column(1).to_pylist(), strict=True)
    there = [(stamp_ns, value[0]) for stamp_ns, value in rows if value]
    return [stamp_ns for stamp_ns, _ in there], [value for _, value in there]


def test_joints_and_grippers_are_there_with_their_stamps(episode: Episode, tmp_path: Path) -> None:
    path = tmp_path / "new" / "001.rrd"
    write_rrd(episode, path)
    assert list(path.parent.iterdir()) == [path]
    measured, trace = episode.joints, episode.trace
    stamps, values = column(path, "arm/cur_joint/joint_3", "Scalars:scalars")
    assert stamps == measured.stamp_ns.tolist() and values == pytest.approx(measured.position[:, 2])
    stamps, values = column(path, "arm/cur_gripper", "Scalars:scalars")
    assert values == pytest.approx(measured.position[:, 6] * 0.085)
    stamps, values = column(path, "arm/cmd_joint/joint_1", "Scalars:scalars")
    assert stamps == trace.stamp_ns.tolist() and values == pytest.approx(trace.sent[:, 0])
    asked = np.isfinite(trace.target).all(axis=1)
    stamps, values = column(path, "arm/asked_joint/joint_1", "Scalars:scalars")
    assert stamps == trace.stamp_ns[asked].tolist() and values == pytest.approx(trace.target[asked, 0])
    stamps, values = column(path, "inference_ms", "Scalars:scalars")
    assert (stamps, values) == ([T0_NS + 5, T0_NS + 10**9], [80.0, 90.0])
    stamps, values = column(path, "arm/ee_pose", "Transform3D:translation")
    assert values[9] == pytest.approx(episode.tool_poses(measured.position)["arm"][9, :3, 3].tolist(), abs=1e-6)


def test_every_picture_is_there_at_the_time_it_was_captured(episode: Episode, tmp_path: Path) -> None:
    write_rrd(episode, tmp_path / "001.rrd")
    for view, entity in (("global", "videos_1"), ("wrist", "videos_2")):
        stamps, samples = column(tmp_path / "001.rrd", entity, "VideoStream:sample")
        assert stamps == [T0_NS + each for each in FRAMES_NS], view
        assert len(decoded([bytes(sample) for sample in samples])) == len(FRAMES_NS)


def test_the_viewers_own_tool_reads_all_of_it_and_opens_our_layout(episode: Episode, tmp_path: Path) -> None:
    write_rrd(episode, tmp_path / "001.rrd")
    printing = [sys.executable, "-m", "rerun", "rrd", "print", str(tmp_path / "001.rrd")]
    told = subprocess.run(printing, capture_output=True, text=True, check=True)
    assert told.stdout.count("make_active: true") == 1
    assert told.stdout.count("/videos_1") >= len(FRAMES_NS) // BATCH


def test_a_disk_that_is_full_leaves_no_recording(episode: Episode, tmp_path: Path) -> None:
    (tmp_path / "001.unfinished").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        write_rrd(episode, tmp_path / "001.rrd")
    assert list(tmp_path.iterdir()) == []


def test_what_is_damaged_leaves_no_recording(episode: Episode, tmp_path: Path) -> None:
    class Damaged(MadeView):
        def pictures(self) -> Iterator[RecordedPicture]:
            return iter([picture(0), RecordedPicture(5, b"no picture")])

    views = {"wrist": Damaged(FRAMES_NS)}
    with pytest.raises(RecordError, match="the picture captured at 5 is damaged"):
        write_rrd(replace(episode, views=views), tmp_path / "001.rrd")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_what_happened_is_told_in_words(episode: Episode, tmp_path: Path) -> None:
    write_rrd(episode, tmp_path / "001.rrd")
    tick_ns = episode.trace.stamp_ns
    for entity, group in events(episode).items():
        stamps, texts = column(tmp_path / "001.rrd", entity, "TextLog:text")
        assert (stamps, texts) == ([each.stamp_ns for each in group], [each.text for each in group])
    told = events(episode)
    assert [(each.stamp_ns, each.text) for each in told[CHUNKS]] == [
        (tick_ns[0], "chunk 7 of inference 7 from its row 0"),
        (tick_ns[150], "chunk 7 of inference 7 from its row 0"),
        (tick_ns[200], "chunk 8 of inference 8 from its row 0"),
    ]
    assert [(each.stamp_ns, each.text) for each in told[INTERVENTIONS]] == [(tick_ns[50], "VELOCITY: joint1, joint3")]
    assert [each.text.split()[0] for each in told[SOURCE]] == ["POLICY", "TELEOP", "POLICY"]
    assert [(each.stamp_ns, each.text) for each in told[STAGES]] == [(T0_NS + 77, "grasped: 4 of 4 points")]
    page = summary(episode.trial, episode.prompt)
    assert "**success**, score 100%" in page and "| grasped | 4 of 4, 1 retry |" in page and "- takeovers: 1" in page


def test_names_are_those_of_the_benchmark() -> None:
    aloha, franka = (load_embodiment(share.find("robots", name)) for name in ("aloha", "franka"))
    assert video_entities(UR5) == {"global": "videos_1", "wrist": "videos_2"}
    assert video_entities(aloha) == {
        "high": "videos_front",
        "left_wrist": "videos_left",
        "right_wrist": "videos_right",
    }
    assert joint_entities(UR5, "cur")[5:] == ["arm/cur_joint/joint_6", "arm/cur_gripper"]
    assert joint_entities(franka, "cmd")[6:] == ["arm/cmd_joint/joint_7", "arm/cmd_gripper"]
    assert joint_entities(aloha, "cur")[6:8] == ["left_arm/cur_gripper", "right_arm/cur_joint/joint_1"]
    assert len(joint_entities(aloha, "cur")) == len(aloha.joint_names)
