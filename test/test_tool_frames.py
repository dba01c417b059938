"""Tools in a policy's own frames."""

import numpy as np
import pytest
from action_world import adapter_for, profile_for, seen_at
from wire.seen import robot_named

from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policy.action_spec import ActionSpec, ToolOffset
from ros_wam.policy.pose_columns import pose_part
from ros_wam.policy.tool_frames import ToolFrames

ALOHA = robot_named("aloha")
KINEMATICS = Kinematics(ALOHA)
OWN = {"left": "left_base", "right": "right_base"}
COLUMNS = ("left.xyz", "left.rpy", "left_gripper", "right.xyz", "right.rpy", "right_gripper")


def test_arms_that_stand_alike_have_like_poses_in_their_own_bases() -> None:
    frames = ToolFrames(ActionSpec("tool_pose", None, bases=OWN), ALOHA)
    position = np.array([0.1, -0.8, 0.9, 0.1, 0.3, 0.2, 1.0] * 2)
    np.testing.assert_allclose(frames.pose(position, "left"), frames.pose(position, "right"), atol=1e-9)
    shared = [KINEMATICS.tool_pose(position, arm) for arm in ("left", "right")]
    assert np.abs(shared[0] - shared[1]).max() > 0.5
    straight = frames.pose(np.where(np.arange(14) % 7 == 0, 0.0, position), "left")
    assert straight[0, 3] > 0.1, "the arm reaches along the x of its own base"
    assert abs(straight[1, 3]) < 0.05


def test_poses_come_back_from_a_policys_frames() -> None:
    spec = ActionSpec("tool_pose", None, tool=ToolOffset((0.1, 0.2, 0.3), (0.4, 0.5, 0.6)), bases=OWN)
    frames = ToolFrames(spec, ALOHA)
    for arm in ALOHA.arms:
        site = KINEMATICS.tool_pose(ALOHA.home_position, arm)
        pose = frames.pose(ALOHA.home_position, arm)
        assert np.abs(pose - site).max() > 0.1
        np.testing.assert_allclose(frames.site_poses(pose, arm), site, atol=1e-9)
        np.testing.assert_allclose(frames.site_poses(np.array([pose] * 2), arm), [site] * 2, atol=1e-9)


@pytest.mark.parametrize("reference", ["absolute", "relative", "delta"])
def test_actions_are_in_the_bases_too(reference: str) -> None:
    """Both arms reach 2 cm further, along the x of their own bases: one to the one side, one to the other."""
    spec = {"reference": reference, "bases": OWN}
    frames = ToolFrames(ActionSpec("tool_pose", None, **spec), ALOHA)
    here = [frames.pose(ALOHA.home_position, arm) for arm in ALOHA.arms]
    rows = []
    for share in (0.0, 0.5, 1.0):
        places = [pose[:3, 3] * (reference == "absolute") + [0.02 * share, 0.0, 0.0] for pose in here]
        turns = [pose_part(pose if reference == "absolute" else np.eye(4), "rpy") for pose in here]
        rows.append([value for place, turn in zip(places, turns, strict=True) for value in (*place, *turn, 1.0)])
    if reference == "delta":
        rows = rows[1:2] * 2
    chunk = adapter_for(ALOHA, COLUMNS, "tool_pose", **spec).joint_rows(
        np.array(rows), seen_at(ALOHA, ALOHA.home_position)
    )
    for arm, pose in zip(ALOHA.arms, here, strict=True):
        reached = frames.pose(chunk[-1], arm)
        np.testing.assert_allclose(reached[:3, 3], pose[:3, 3] + [0.02, 0.0, 0.0], atol=5e-5)
        np.testing.assert_allclose(reached[:3, :3], pose[:3, :3], atol=5e-4)
    moved = [KINEMATICS.tool_position(chunk[-1], arm) - KINEMATICS.tool_position(chunk[0], arm) for arm in ALOHA.arms]
    np.testing.assert_allclose(moved[0][1], -moved[1][1], atol=1e-3)
    assert abs(moved[0][1]) > 0.015


@pytest.mark.parametrize("body", ["elbow", "left_link2", "world", ""])
def test_a_base_is_a_body_that_does_not_move(body: str) -> None:
    with pytest.raises(ConfigError, match=f"base of left is '{body}', must be one of base, left_base, .*right_base"):
        ToolFrames(ActionSpec("tool_pose", None, bases={"left": body}), ALOHA)


def test_bases_are_those_of_the_robots_arms() -> None:
    profile = profile_for(COLUMNS, "tool_pose", bases={"middle": "base"})
    with pytest.raises(ConfigError, match="action: bases names middle, must name arms of left, right"):
        profile.action.check_robot(ALOHA)
