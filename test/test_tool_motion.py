"""Rows of tool poses to joint positions: spaces, references, frames, every rotation form, the way there."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from action_world import RATE_HZ, adapter_for, seen_at
from fake_policy import UR5
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.causes import RefusalReason
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import ChunkRefused
from ros_wam.kinematics import Kinematics
from ros_wam.policy.action_spec import ToolOffset
from ros_wam.policy.columns import PARTS
from ros_wam.policy.pose_columns import ANGLES, pose_part
from ros_wam.types import FloatArray

ROBOTS = Path(__file__).resolve().parents[1] / "robots"
ROTATIONS = [part for part in PARTS if part != "xyz"]
MOVES = [
    ("relative", "base"),
    ("relative", "tool"),
    ("relative", "mixed"),
    ("delta", "base"),
    ("delta", "tool"),
    ("delta", "mixed"),
    ("initial", "base"),
    ("initial", "tool"),
    ("initial", "mixed"),
]
HOME = UR5.home_position
KINEMATICS = Kinematics(UR5)
OFFSET = ToolOffset((0.01, -0.02, 0.05), (0.1, 0.2, np.pi / 4))


def columns_for(robot: Embodiment, part: str = "rotvec") -> tuple[str, ...]:
    return tuple(word for arm, about in robot.arms.items() for word in (f"{arm}.xyz", f"{arm}.{part}", about.gripper))


def row(pose: FloatArray, part: str = "rotvec", opening: float = 1.0) -> list[float]:
    return [*pose[:3, 3], *pose_part(pose, part), opening]


def path_of(robot: Embodiment, rows: int = 6, step_rad: float = 0.02) -> FloatArray:
    """Joint positions `(rows, n)` of a smooth way from home on, every joint at another pace."""
    pace = np.where(robot.is_gripper, 0.0, step_rad * np.cos(np.arange(len(robot.joint_names))))
    return robot.home_position + np.arange(rows)[:, None] * pace


def poses_of(kinematics: Kinematics, path: FloatArray, arm: str | None = None) -> FloatArray:
    return np.array([kinematics.tool_pose(position, arm) for position in path])


def motion(pose: FloatArray, origin: FloatArray, frame: str) -> FloatArray:
    """What moves `origin` to `pose`, worked out apart from the adapter: in homogeneous coordinates."""
    if frame == "tool":
        return np.linalg.inv(origin) @ pose
    moved = np.eye(4)
    moved[:3, 3] = pose[:3, 3] - origin[:3, 3]
    turned, rotation = pose[:3, :3], origin[:3, :3]
    moved[:3, :3] = turned @ rotation.T if frame == "base" else rotation.T @ turned
    return moved


def refused(rows: Any, columns: tuple[str, ...] | None = None, robot: Embodiment = UR5, **how: Any) -> str:
    adapter = adapter_for(robot, columns or columns_for(robot), "tool_pose", **how)
    with pytest.raises(ChunkRefused) as caught:
        adapter.joint_rows(np.array(rows), seen_at(robot, robot.home_position))
    assert caught.value.reason is RefusalReason.UNREACHABLE
    return caught.value.detail


@pytest.mark.parametrize("name", ["ur5", "ur5e", "franka", "arx5", "arx5_x5", "aloha"])
def test_absolute_poses_of_every_arm_are_reached_without_a_jump(name: str) -> None:
    robot = load_embodiment(ROBOTS / f"{name}.yaml")
    kinematics, path = Kinematics(robot), path_of(robot)
    rows = np.hstack([[row(pose, "quat_wxyz") for pose in poses_of(kinematics, path, arm)] for arm in robot.arms])
    chunk = adapter_for(robot, columns_for(robot, "quat_wxyz"), "tool_pose").joint_rows(
        rows, seen_at(robot, robot.home_position)
    )
    for arm in robot.arms:
        np.testing.assert_allclose(poses_of(kinematics, chunk, arm), poses_of(kinematics, path, arm), atol=2e-4)
    assert np.abs(chunk[0] - robot.home_position).max() < 1e-3
    assert np.abs(np.diff(chunk, axis=0)).max() < 0.06
    if max(len(arm.joints) for arm in robot.arms.values()) == 6:
        np.testing.assert_allclose(chunk, path, atol=2e-3)


@pytest.mark.parametrize("part", ROTATIONS)
@pytest.mark.parametrize("degrees", [False, True])
def test_every_form_of_rotation_is_read(part: str, degrees: bool) -> None:
    path = path_of(UR5)
    rows = np.array([row(pose, part) for pose in poses_of(KINEMATICS, path)])
    if degrees and part in ANGLES:
        rows[:, 3:6] = np.degrees(rows[:, 3:6])
    chunk = adapter_for(UR5, columns_for(UR5, part), "tool_pose", degrees=degrees).joint_rows(rows, seen_at(UR5, HOME))
    np.testing.assert_allclose(chunk, path, atol=2e-3)


@pytest.mark.parametrize("offset", [ToolOffset(), OFFSET])
@pytest.mark.parametrize(("reference", "frame"), MOVES)
def test_motions_lead_where_they_were_worked_out_from(reference: str, frame: str, offset: ToolOffset) -> None:
    path = path_of(UR5)
    adapter = adapter_for(UR5, columns_for(UR5), "tool_pose", reference=reference, frame=frame, tool=offset)
    adapter.begin()
    if reference == "initial":
        still = [row(np.eye(4))]
        np.testing.assert_allclose(adapter.joint_rows(np.array(still), seen_at(UR5, HOME)), [HOME], atol=1e-4)
    here = path[0] if reference != "initial" else path[1]
    poses = poses_of(KINEMATICS, path) @ offset.T_site_tool
    origins = poses[:-1] if reference == "delta" else [poses[0]] * 5
    rows = np.array([row(motion(pose, origin, frame)) for pose, origin in zip(poses[1:], origins, strict=True)])
    chunk = adapter.joint_rows(rows, seen_at(UR5, here))
    if reference == "delta":
        np.testing.assert_array_equal(chunk[0], path[0])
        chunk = chunk[1:]
    np.testing.assert_allclose(chunk, path[1:], atol=2e-3)


def test_frames_differ() -> None:
    ahead = np.array([[0.02, 0.0, 0.0, 0.0, 0.0, 0.1, 1.0]])
    ends = [
        KINEMATICS.tool_pose(
            adapter_for(UR5, columns_for(UR5), "tool_pose", reference="delta", frame=frame).joint_rows(
                ahead, seen_at(UR5, HOME)
            )[1]
        )
        for frame in ("base", "tool", "mixed")
    ]
    origin = KINEMATICS.tool_pose(HOME)
    np.testing.assert_allclose(ends[0][:3, 3] - origin[:3, 3], [0.02, 0.0, 0.0], atol=2e-5)
    np.testing.assert_allclose(ends[1][:3, 3] - origin[:3, 3], 0.02 * origin[:3, 0], atol=2e-5)
    np.testing.assert_allclose(ends[2][:3, 3], ends[0][:3, 3], atol=2e-5)
    np.testing.assert_allclose(ends[2][:3, :3], ends[1][:3, :3], atol=2e-4)
    assert np.abs(ends[0][:3, :3] - ends[1][:3, :3]).max() > 0.1  # the tool points down


@settings(max_examples=25)
@given(
    step=st.lists(st.floats(-0.01, 0.01), min_size=3, max_size=3),
    turn=st.lists(st.floats(-0.05, 0.05), min_size=3, max_size=3),
    frame=st.sampled_from(["base", "tool", "mixed"]),
)
def test_deltas_there_and_back_end_where_they_began(step: list[float], turn: list[float], frame: str) -> None:
    there = [[*step, *turn, 1.0]] * 4
    adapter = adapter_for(UR5, columns_for(UR5), "tool_pose", reference="delta", frame=frame)
    chunk = adapter.joint_rows(np.array(there), seen_at(UR5, HOME))
    assert np.abs(np.diff(chunk, axis=0)).max() < 0.5
    ends = poses_of(KINEMATICS, chunk)
    back = [row(motion(ends[k], ends[k + 1], frame)) for k in reversed(range(4))]
    home = adapter.joint_rows(np.array(back), seen_at(UR5, chunk[-1]))
    np.testing.assert_allclose(home[-1], HOME, atol=5e-3)


def test_one_arm_out_of_reach_refuses_the_chunk_and_is_named_with_its_row_and_what_is_missing() -> None:
    robot = load_embodiment(ROBOTS / "aloha.yaml")
    kinematics = Kinematics(robot)
    here = [row(kinematics.tool_pose(robot.home_position, arm)) for arm in robot.arms]
    far = [*here[0], 5.0, *here[1][1:]]
    detail = refused([here[0] + here[1], here[0] + here[1], far], robot=robot)
    assert detail.startswith("right, row 2: no joint positions of aloha bring the tool to [5.0, ")
    assert "mm and" in detail


def test_a_way_over_a_joints_limit_is_out_of_reach() -> None:
    begin = HOME.copy()
    begin[4] = UR5.upper[4] - 0.1
    path = begin + np.arange(6)[:, None] * (0.05 * (np.arange(7) == 4))
    rows = [row(pose) for pose in poses_of(KINEMATICS, path)]
    adapter = adapter_for(UR5, columns_for(UR5), "tool_pose")
    assert len(adapter.joint_rows(np.array(rows[:3]), seen_at(UR5, begin))) == 3
    with pytest.raises(ChunkRefused, match=r"unreachable.*arm, row 3: no joint positions of ur5"):
        adapter.joint_rows(np.array(rows), seen_at(UR5, begin))


@pytest.mark.parametrize("frame", ["base", "tool", "mixed"])
def test_motions_that_are_too_fast_go_a_part_of_their_way(frame: str) -> None:
    rows = np.array([[-0.1, 0.15, -0.05, 0.1, 0.05, 0.3, 1.0]] * 3)
    chunk = adapter_for(UR5, columns_for(UR5), "tool_pose", reference="delta", frame=frame).joint_rows(
        rows, seen_at(UR5, HOME)
    )
    speeds = np.abs(np.diff(chunk, axis=0))[:, :6].max(axis=1) * RATE_HZ / UR5.velocity[0]
    assert speeds.max() < 1.02
    assert speeds.min() > 0.7
    poses = poses_of(KINEMATICS, chunk)
    for origin, pose in itertools.pairwise(poses):
        went = np.array(row(motion(pose, origin, frame)))[:6]
        share = went[1] / 0.15
        assert 0.1 < share < 0.9
        np.testing.assert_allclose(went, share * rows[0, :6], atol=3e-4)


def test_two_arms_that_may_hold_one_thing_are_slowed_alike() -> None:
    robot = load_embodiment(ROBOTS / "aloha.yaml")
    kinematics, here = Kinematics(robot), robot.home_position.copy()
    here[[robot.joint_names.index(joint) for joint in ("right_joint2", "right_joint3")]] += (-0.4, 0.5)
    adapter = adapter_for(robot, columns_for(robot), "tool_pose", reference="delta")
    chunk = adapter.joint_rows(np.array([[0.0, 0.0, 0.06, 0.0, 0.0, 0.0, 1.0] * 2] * 3), seen_at(robot, here))
    left, right = (np.diff(poses_of(kinematics, chunk, arm)[:, 2, 3]) for arm in robot.arms)
    assert left.max() < 0.058
    np.testing.assert_allclose(left, right, atol=1e-4)


@pytest.mark.parametrize("angle_rad", [2.5, -2.5])
def test_a_large_turn_that_is_slowed_goes_the_short_way_round(angle_rad: float) -> None:
    rows = np.array([[0.0, 0.0, 0.0, 0.0, 0.0, angle_rad, 1.0]])
    chunk = adapter_for(UR5, columns_for(UR5), "tool_pose", reference="delta", frame="tool").joint_rows(
        rows, seen_at(UR5, HOME)
    )
    begin, end = poses_of(KINEMATICS, chunk)
    assert 0.1 < np.sign(angle_rad) * row(motion(end, begin, "tool"))[5] < 0.3


def test_a_motion_that_passes_a_singularity_only_goes_slowly() -> None:
    begin = HOME.copy()
    begin[4] = 0.3  # joints 4 and 6 are in line at 0
    about_y = motion(KINEMATICS.tool_pose(begin) @ motion_about_y(0.05), KINEMATICS.tool_pose(begin), "tool")
    chunk = adapter_for(UR5, columns_for(UR5), "tool_pose", reference="delta", frame="tool").joint_rows(
        np.array([row(about_y)] * 12), seen_at(UR5, begin)
    )
    speeds = np.abs(np.diff(chunk, axis=0)).max(axis=1) * RATE_HZ / UR5.velocity[0]
    assert speeds.max() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("joint5_rad", [0.3, 0.1, 0.05])
def test_a_turn_that_passes_a_singularity_is_refused_where_the_arm_would_swing(joint5_rad: float) -> None:
    begin = HOME.copy()
    begin[4] = joint5_rad  # joints 4 and 6 are in line at 0
    origin = KINEMATICS.tool_pose(begin)
    rows = [row(origin @ motion_about_y(0.05 * step)) for step in range(11)]
    with pytest.raises(ChunkRefused, match=r"unreachable.*arm, row \d: joint4 would have to swing \d") as caught:
        adapter_for(UR5, columns_for(UR5), "tool_pose").joint_rows(np.array(rows), seen_at(UR5, begin))
    assert "near a singularity" in caught.value.detail


def motion_about_y(angle_rad: float) -> FloatArray:
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cos, 0.0, sin, 0.0], [0.0, 1.0, 0.0, 0.0], [-sin, 0.0, cos, 0.0], [0.0, 0.0, 0.0, 1.0]])


@pytest.mark.parametrize("part", ["quat_xyzw", "quat_wxyz", "rot6d", "rot6d_interleaved", "rot6d_rows"])
def test_zeros_for_a_rotation_are_refused(part: str) -> None:
    good = row(KINEMATICS.tool_pose(HOME), part)
    bad = [*good[:3], *[0.0] * len(PARTS[part]), 1.0]
    detail = refused([good, bad], columns_for(UR5, part))
    assert detail.startswith(f"arm, row 1: arm.{part} is [0.0, ")
    assert "no rotation" in detail
