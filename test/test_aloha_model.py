"""ALOHA's model against the published kinematics of the ViperX-300 S."""

import re

import mujoco
import numpy as np
import pytest
from emulator_process import ROOT

from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics

# Interbotix, interbotix_xs_modules, mr_descriptions.py, class vx300s: screw axes in the base frame, and the tool's
# pose with all joints at 0.
SCREWS = np.array(
    [
        [0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, -0.12705, 0.0, 0.0],
        [0.0, 1.0, 0.0, -0.42705, 0.0, 0.05955],
        [1.0, 0.0, 0.0, 0.0, 0.42705, 0.0],
        [0.0, 1.0, 0.0, -0.42705, 0.0, 0.35955],
        [1.0, 0.0, 0.0, 0.0, 0.42705, 0.0],
    ]
)
TOOL_M = (0.536494, 0.0, 0.42705)
R_TOOL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Ours points z out of the gripper, Interbotix's x."""
ALOHA = load_embodiment(ROOT / "robots/aloha.yaml")


def published_pose(angles: np.ndarray) -> np.ndarray:
    """Return T_base_tool by the product of exponentials."""
    pose = np.eye(4)
    for screw, angle in zip(SCREWS, angles, strict=True):
        axis, along = screw[:3], screw[3:]
        cross = np.cross(np.eye(3), axis)
        step = np.eye(4)
        step[:3, :3] = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
        shift = np.eye(3) * angle + (1.0 - np.cos(angle)) * cross + (angle - np.sin(angle)) * cross @ cross
        step[:3, 3] = shift @ along
        pose = pose @ step
    home = np.eye(4)
    home[:3, 3] = TOOL_M
    return pose @ home


@pytest.mark.parametrize("arm", ["left", "right"])
def test_the_tool_is_where_interbotix_says(arm: str) -> None:
    model = mujoco.MjModel.from_xml_path(str(ALOHA.model))
    base = model.body(f"{arm}_base")
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, base.quat)
    kinematics, generator = Kinematics(ALOHA), np.random.default_rng(0)
    columns = [ALOHA.joint_names.index(joint) for joint in ALOHA.arms[arm].joints]
    for _ in range(50):
        position = generator.uniform(ALOHA.lower, ALOHA.upper)
        expected = published_pose(position[columns])
        pose = kinematics.tool_pose(position, arm)
        np.testing.assert_allclose(pose[:3, 3], base.pos + turn.reshape(3, 3) @ expected[:3, 3], atol=1e-9)
        np.testing.assert_allclose(pose[:3, :3], turn.reshape(3, 3) @ expected[:3, :3] @ R_TOOL, atol=1e-9)


@pytest.mark.parametrize(("arm", "towards"), [("left", 1.0), ("right", -1.0)])
def test_both_tools_reach_the_middle_pointing_down(arm: str, towards: float) -> None:
    """Vertical up to 0.12 m beyond the middle, at the height of what lies on the table."""
    kinematics = Kinematics(ALOHA)
    down = np.column_stack([(towards, 0.0, 0.0), (0.0, towards, 0.0), (0.0, 0.0, -1.0)])
    for beyond_m in (-0.25, -0.10, 0.0, 0.10):
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = down, (-0.34, towards * beyond_m, 0.03)
        solved = kinematics.solve(pose, ALOHA.home_position, arm)
        np.testing.assert_allclose(kinematics.tool_position(solved, arm), pose[:3, 3], atol=1e-4)


def test_at_home_both_tools_point_down_over_their_half() -> None:
    kinematics = Kinematics(ALOHA)
    for arm, side in (("left", -1.0), ("right", 1.0)):
        pose = kinematics.tool_pose(ALOHA.home_position, arm)
        np.testing.assert_allclose(pose[:3, 3], (-0.34, side * 0.15, 0.25), atol=2e-3)
        np.testing.assert_allclose(pose[:3, 2], (0.0, 0.0, -1.0), atol=2e-3)


@pytest.mark.parametrize("arm", ["left", "right"])
def test_joints_turn_as_the_table_of_the_document_says(arm: str) -> None:
    rows = re.findall(r"^\| (\d), [a-z ]+\| [\d, ]+\| (\w+)", (ROOT / "docs/aloha.md").read_text(), re.MULTILINE)
    assert [int(number) for number, _ in rows] == [1, 2, 3, 4, 5, 6]
    kinematics, home = Kinematics(ALOHA), ALOHA.home_position
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, mujoco.MjModel.from_xml_path(str(ALOHA.model)).body(f"{arm}_base").quat)
    directions = {"forward": (0, 1), "back": (0, -1), "left": (1, 1), "right": (1, -1), "up": (2, 1), "down": (2, -1)}
    before = kinematics.tool_pose(home, arm)
    for number, towards in rows:
        turned = home + 0.1 * (np.array(ALOHA.joint_names) == f"{arm}_joint{number}")
        after = kinematics.tool_pose(turned, arm)
        if towards == "clockwise":
            assert np.cross(before[:3, 0], after[:3, 0])[2] < -0.05
            continue
        way_m = turn.reshape(3, 3).T @ (after[:3, 3] - before[:3, 3])
        axis, sign = directions[towards]
        assert int(np.argmax(np.abs(way_m))) == axis and np.sign(way_m[axis]) == sign, (number, way_m.tolist())
