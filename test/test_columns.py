"""Words for columns, and whether they cover a robot."""

from pathlib import Path

import pytest
from fake_policy import UR5

from ros_wam.embodiment import load_embodiment
from ros_wam.policy.columns import PARTS, is_pose, labels, spelled_out, unknown
from ros_wam.policy.covered import uncovered

ALOHA = load_embodiment(Path(__file__).resolve().parents[1] / "robots" / "aloha.yaml")
TOOLS = ("left.xyz", "left.rpy", "left_gripper", "right.xyz", "right.rpy", "right_gripper")


def test_words_for_a_robots_joints_are_spelled_out() -> None:
    assert spelled_out(("all",), UR5) == UR5.joint_names
    assert spelled_out(("grippers", "arm.xyz", "arms"), UR5) == ("gripper", "arm.xyz", *UR5.joint_names[:6])
    assert spelled_out(("grippers",), ALOHA) == ("left_gripper", "right_gripper")


def test_every_column_has_a_name() -> None:
    assert labels("left.xyz") == ("left.x", "left.y", "left.z")
    assert labels("unused.2") == ("unused", "unused")
    assert labels("joint1") == ("joint1",)
    assert labels("arm.rot6d_rows") == tuple(f"arm.r{k}" for k in (11, 12, 13, 21, 22, 23))
    for part in PARTS:
        assert is_pose(f"arm.{part}")
    assert not is_pose("unused.3")
    assert not is_pose("joint1")


def test_words_that_mean_nothing_are_found() -> None:
    words = ("joint1", "arm.xyz", "unused.3", "unused.x", "elbow", "left.xyz", "arm.yaw")
    assert unknown(words, UR5) == ["unused.x", "elbow", "left.xyz", "arm.yaw"]


@pytest.mark.parametrize("space", ["joint_position", "joint_velocity"])
def test_joint_actions_name_every_joint_once(space: str) -> None:
    names = UR5.joint_names
    assert uncovered(space, (*reversed(names), "unused.3"), UR5) == ""
    assert "joint1" in uncovered(space, names[1:], UR5)
    assert uncovered(space, (*names, "joint2"), UR5) == "joint2 but once"
    assert uncovered(space, (*names, "arm.xyz"), UR5) != ""


def test_tool_actions_name_a_place_a_rotation_and_a_gripper_for_every_arm() -> None:
    assert uncovered("tool_pose", TOOLS, ALOHA) == ""
    assert uncovered("tool_pose", (*TOOLS, "unused.4"), ALOHA) == ""
    for missing in range(6):
        assert uncovered("tool_pose", TOOLS[:missing] + TOOLS[missing + 1 :], ALOHA) != ""
    assert uncovered("tool_pose", (*TOOLS, "left.rotvec"), ALOHA) != ""
    assert uncovered("tool_pose", (*TOOLS, "left_joint1"), ALOHA) != ""
    assert uncovered("tool_pose", (*TOOLS, "right.xyz"), ALOHA) == "right.xyz but once"
