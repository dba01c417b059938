"""Trials in Table30's layout read back as what was recorded, for every robot and both releases."""

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from export.exporting import nothing, sitting_of
from recorded_trial import PROMPT, RecordedTrial

from ros_wam.errors import ExportError
from ros_wam.export.choice import choose
from ros_wam.export.episode_reader import read_episode
from ros_wam.export.resample import resample
from ros_wam.export.sampling import Sampling
from ros_wam.export.table30 import EXTRA, Table30Export
from ros_wam.export.table30_layout import table30_layout
from ros_wam.export.table30_reader import read_table30
from ros_wam.kinematics import Kinematics

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

TASK = "press_three_buttons"
WHAT_THERE_IS = [
    ("v1", "ur5"),
    ("v1", "ur5e"),
    ("v1", "arx5"),
    ("v1", "franka"),
    ("v1", "aloha"),
    ("v2", "ur5"),
    ("v2", "arx5_x5"),
    ("v2", "aloha"),
]
STATES = {
    ("v1", "arx5"): "joint_positions6 joint_velocities6 end_effector_pose6 gripper_width gripper_velocity timestamp",
    ("v1", "ur5"): "joint_positions6 ee_positions7 gripper timestamp",
    ("v1", "franka"): "joint_positions7 ee_positions7 gripper2 gripper_width1 timestamp",
    ("v1", "aloha"): "joint_positions6 joint_vel7 qpos6 ee_pose_quaternion7 ee_pose_rpy6 gripper timestamp",
    (
        "v2",
        "arx5",
    ): "joint_positions6 joint_velocities6 ee_positions7 efforts7 gripper_width gripper_velocity timestamp",
    ("v2", "ur5"): "joint_positions6 ee_positions7 gripper_width timestamp",
    ("v2", "aloha"): (
        "joint_positions6 joint_velocities6 ee_positions7 efforts7 qpos7 master_qpos7 gripper_width timestamp"
    ),
}
VIDEOS = {
    ("v1", "arx5"): "arm_realsense_rgb global_realsense_rgb right_realsense_rgb",
    ("v1", "ur5"): "handeye_realsense_rgb global_realsense_rgb",
    ("v1", "franka"): "handeye_realsense_rgb main_realsense_rgb side_realsense_rgb",
    ("v1", "aloha"): "cam_high_rgb cam_wrist_left_rgb cam_wrist_right_rgb",
    ("v2", "arx5"): "cam_arm_rgb cam_global_rgb cam_side_rgb",
    ("v2", "ur5"): "cam_arm_rgb cam_global_rgb",
    ("v2", "aloha"): "cam_high_rgb cam_left_wrist_rgb cam_right_wrist_rgb",
}


def export(tmp_path: Path, version: str, robot: str, trials: int = 1) -> tuple[Path, list[RecordedTrial]]:
    recorded = sitting_of(tmp_path / "sitting", trials, robot=robot, seconds=0.6)
    out = tmp_path / "out"
    exported = Table30Export(version, Sampling(30.0), 4).run(choose(tmp_path / "sitting"), out, nothing)
    assert exported.episodes == trials
    return out / TASK, recorded


@pytest.mark.parametrize(("version", "robot"), WHAT_THERE_IS)
def test_what_is_written_reads_back_as_what_was_recorded(tmp_path: Path, version: str, robot: str) -> None:
    folder, (recorded,) = export(tmp_path, version, robot)
    task = read_table30(folder)
    assert (task.name, task.prompt, task.version) == (TASK, PROMPT, version)
    samples = resample(read_episode(recorded.folder), Sampling(30.0))
    episode = task.episode(0)
    assert list(episode.arms) == list(recorded.robot.arms)
    for name, arm in episode.arms.items():
        parts = recorded.robot.arms[name]
        joints = [recorded.robot.joint_names.index(joint) for joint in parts.joints]
        opening = samples.position[:, recorded.robot.joint_names.index(parts.gripper)]
        stroke_m = recorded.robot.grippers[parts.gripper].stroke_m
        np.testing.assert_array_equal(arm.joints, samples.position[:, joints])
        counted = "counts" in episode.layout.fields.values()
        np.testing.assert_allclose(arm.width_m, stroke_m * opening, atol=stroke_m / 510 if counted else 1e-12)
        np.testing.assert_allclose(arm.stamp_ns - samples.stamp_ns, 0, atol=120)  # what a float of seconds resolves
        assert (np.abs(arm.poses[:, :3, :3] @ arm.poses[:, :3, :3].swapaxes(1, 2) - np.eye(3)) < 1e-9).all()


@pytest.mark.parametrize(("version", "robot"), WHAT_THERE_IS)
def test_files_and_fields_are_named_and_shaped_as_theirs(tmp_path: Path, version: str, robot: str) -> None:
    folder, _ = export(tmp_path, version, robot)
    key = (version, table30_layout(version, robot).family)
    episode = folder / "data" / "episode_000000"
    arms = ["left_states", "right_states"] if robot == "aloha" else ["states"]
    assert sorted(path.name for path in (episode / "states").iterdir()) == [f"{name}.jsonl" for name in arms]
    assert sorted(path.stem for path in (episode / "videos").iterdir()) == sorted(VIDEOS[key].split())
    line = json.loads((episode / "states" / f"{arms[0]}.jsonl").read_text().splitlines()[0])
    shaped = {f"{name}{len(value)}" if isinstance(value, list) else name for name, value in line.items()}
    assert shaped == set(STATES[key].split())
    info = json.loads((folder / "meta" / "task_info.json").read_text())
    meta = json.loads((episode / "meta" / "episode_meta.json").read_text())
    assert info["video_info"] == {"fps": 30, "ext": "mp4", "encoding": {"vcodec": "libx264", "pix_fmt": "yuv420p"}}
    assert info["task_desc"] == json.loads((folder / "task_desc.json").read_text())
    if version == "v1":
        assert info["robot_id"] == f"{key[1]}_4" and set(meta) == {"episode_index", "start_time", "end_time", "frames"}
    else:
        assert meta["robot_id"] == f"rc_{key[1]}_4" and info["task_desc"]["description"] == PROMPT
    for video in (episode / "videos").iterdir():
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.average_rate, stream.frames) == ("h264", 30, meta["frames"])


def test_pictures_are_those_that_were_newest(tmp_path: Path) -> None:
    folder, (recorded,) = export(tmp_path, "v1", "ur5")
    samples = resample(read_episode(recorded.folder), Sampling(30.0))
    shown = [int(image.mean()) for image in read_table30(folder).episode(0).pictures("wrist")]
    frames = recorded.frames("wrist")
    expected = [recorded.grey("wrist", frames[k]) for k in samples.picture["wrist"]]
    assert shown == pytest.approx(expected, abs=3)


def test_a_ur5s_gripper_counts_up_as_it_closes(tmp_path: Path) -> None:
    folder, (recorded,) = export(tmp_path, "v1", "ur5")
    lines = (folder / "data/episode_000000/states/states.jsonl").read_text().splitlines()
    counts = [json.loads(line)["gripper"] for line in lines]
    opening = [recorded.measured(recorded.start_ns + round(k * 1e9 / 30))[-1] for k in range(len(counts))]
    assert counts == pytest.approx([255 * (1 - value) for value in opening], abs=0.6)
    assert all(isinstance(count, int) for count in counts) and counts[0] < counts[-1]


@pytest.mark.parametrize(("robot", "site"), [("ur5", "flange"), ("arx5", "eef"), ("franka", "tool")])
def test_the_end_effector_is_the_one_that_table30_means(tmp_path: Path, robot: str, site: str) -> None:
    folder, (recorded,) = export(tmp_path, "v1", robot)
    arm = read_table30(folder).episode(0).arms["arm"]
    own = {"arm": replace(recorded.robot.arms["arm"], tool_site=site)}
    position = recorded.measured(int(arm.stamp_ns[0]))
    np.testing.assert_allclose(
        arm.poses[0], Kinematics(replace(recorded.robot, arms=own)).tool_pose(position), atol=1e-6
    )


def test_each_aloha_arm_is_told_in_its_own_base(tmp_path: Path) -> None:
    folder, (recorded,) = export(tmp_path, "v2", "aloha")
    episode = read_table30(folder).episode(0)
    kinematics = Kinematics(recorded.robot)
    for name, arm in episode.arms.items():
        in_shared = kinematics.body_pose(f"{name}_base", name) @ arm.poses[0]
        tool = kinematics.tool_pose(recorded.measured(int(arm.stamp_ns[0])), name)
        assert np.linalg.norm(in_shared[:3, 3] - tool[:3, 3]) == pytest.approx(0.064375, abs=1e-4)  # flange to tool
    camera = episode.meta["features"]["cam_high"]["extrinsics"]["arms"]
    poses = {name: kinematics.body_pose(f"{name}_base", name) @ np.array(camera[name]) for name in ("left", "right")}
    np.testing.assert_allclose(poses["left"], poses["right"], atol=1e-9)
    np.testing.assert_allclose(poses["left"][:3, 3], [0.1, 0.0, 0.95], atol=1e-9)
    assert episode.meta["features"]["cam_left_wrist"] == {
        "intrinsics": [],
        "extrinsics": {"arms": {"left": [], "right": []}},
    }


def test_the_masters_joints_are_what_was_asked(tmp_path: Path) -> None:
    folder, (recorded,) = export(tmp_path, "v1", "aloha")
    fields = read_table30(folder).episode(0).arms["right"].fields
    asked = recorded.measured(recorded.start_ns + 30_000_000)[7:13] + 0.02  # the newest tick before the next sample
    np.testing.assert_allclose(fields["joint_positions"][0], asked, atol=1e-9)


def test_episodes_are_numbered_and_true_stamps_are_kept(tmp_path: Path) -> None:
    folder, recorded = export(tmp_path, "v1", "arx5", trials=2)
    task = read_table30(folder)
    assert [task.episode(k).meta["episode_index"] for k in range(2)] == [0, 1]
    lines = [json.loads(line) for line in (task.episodes[1] / "meta" / EXTRA).read_text().splitlines()]
    samples = resample(read_episode(recorded[1].folder), Sampling(30.0))
    assert [line["stamp_ns"] for line in lines] == samples.stamp_ns.tolist()
    assert [line["picture_stamp_ns.side"] for line in lines] == samples.picture_stamp_ns["side"].tolist()
    np.testing.assert_array_equal([line["sent"] for line in lines], samples.sent)


def test_what_to_know_of_an_episode_is_said(tmp_path: Path) -> None:
    sitting_of(tmp_path / "sitting", 1, seconds=0.6, camera_hz=15.0)
    exported = Table30Export("v1", Sampling(30.0)).run(choose(tmp_path / "sitting"), tmp_path / "out", nothing)
    (note,) = exported.notes
    assert note.startswith("sitting-001: ") and "pictures of wrist shown twice" in note


def test_milliseconds_are_told_from_seconds(tmp_path: Path) -> None:
    folder, _ = export(tmp_path, "v1", "ur5")
    first = read_table30(folder).episode(0).arms["arm"].stamp_ns
    path = folder / "data/episode_000000/states/states.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**line, "timestamp": 1e3 * line["timestamp"]}) + "\n" for line in lines))
    np.testing.assert_allclose(read_table30(folder).episode(0).arms["arm"].stamp_ns - first, 0, atol=500)


def test_a_recording_may_lack_what_only_some_have(tmp_path: Path) -> None:
    folder, _ = export(tmp_path, "v2", "arx5")
    path = folder / "data/episode_000000/states/states.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for lacking, said in (("efforts", None), ("gripper_width", "its lines need joint_positions, ee_positions")):
        path.write_text("".join(json.dumps({k: v for k, v in line.items() if k != lacking}) + "\n" for line in lines))
        if said is None:
            assert "efforts" not in read_table30(folder).episode(0).arms["arm"].fields
        else:
            with pytest.raises(ExportError, match=said):
                read_table30(folder).episode(0)


def test_a_robot_that_table30_lacks_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    sitting_of(tmp_path / "sitting", 1, robot="franka", seconds=0.6)
    with pytest.raises(ExportError, match="Table30 v2 has no franka; it has: arx5, ur5, aloha"):
        Table30Export("v2", Sampling(30.0)).run(choose(tmp_path / "sitting"), tmp_path / "out", nothing)
    assert not (tmp_path / "out").exists()
    with pytest.raises(ExportError, match="no robot like toaster"):
        table30_layout("v1", "toaster")
    with pytest.raises(ExportError, match="must be 30"):
        Table30Export("v1", Sampling(15.0))


def test_what_is_no_task_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"cannot read .*task_info\.json"):
        read_table30(tmp_path)


def test_two_robots_do_not_share_a_task(tmp_path: Path) -> None:
    sitting_of(tmp_path / "runs" / "first", robot="ur5", seconds=0.6)
    sitting_of(tmp_path / "runs" / "second", robot="arx5", seconds=0.6)
    with pytest.raises(ExportError, match=f"second-001 is of arx5, others of {TASK} are of ur5: export them apart"):
        Table30Export("v1", Sampling(30.0)).run(choose(tmp_path / "runs"), tmp_path / "out", nothing)
    assert not (tmp_path / "out").exists()
