"""X-VLA: each profile's request and answer field by field, and the server's errors."""

import numpy as np
from wire.family_conformance import FamilyConformance
from wire.seen import PROMPT, observation, robot_named
from wire.talking import joint_rows, sent, talking
from wire.xvla_server import XvlaServer

from ros_wam.kinematics import Kinematics
from ros_wam.sim.emulators.fci_model import flange_pose

FRANKA, ALOHA = robot_named("franka"), robot_named("aloha")


def pose_columns(T_base_tool: np.ndarray, gripper: float) -> np.ndarray:
    """Where a tool is, then the first two columns of its rotation, row by row, then the gripper."""
    return np.concatenate([T_base_tool[:3, 3], T_base_tool[:3, :2].ravel(), [gripper]])


def assert_picture(picture: np.ndarray, shade: int) -> None:
    """The camera's own size, after JPEG; colours in order for a server that takes what OpenCV decodes for RGB."""
    assert (picture.dtype, picture.shape) == (np.uint8, (240, 320, 3))
    assert np.abs(picture.astype(int) - [shade, 10, 20]).max() <= 4


def test_droid_is_sent_pictures_and_the_pose_of_its_tool() -> None:
    request = sent("xvla_droid", FRANKA, XvlaServer())
    assert_picture(request.pop("image0"), 80)
    assert_picture(request.pop("image1"), 40)
    proprio = request.pop("proprio")
    assert (proprio.dtype, proprio.shape) == (np.float32, (20,))
    seen = observation(FRANKA).joint_state.position
    pose = pose_columns(flange_pose(seen[:7]), 0.75)  # ours is a quarter open, theirs 1 closed
    np.testing.assert_allclose(proprio, [*pose, *[0.0] * 10], atol=1e-3)
    assert request == {"language_instruction": PROMPT, "domain_id": 13, "steps": 10}


def test_aloha_is_sent_the_poses_of_both_tools() -> None:
    request = sent("xvla_aloha", ALOHA, XvlaServer())
    for key, shade in (("image0", 160), ("image1", 200), ("image2", 240)):
        assert_picture(request.pop(key), shade)
    seen = observation(ALOHA).joint_state.position
    poses = []
    for arm, side in (
        ("left", -1.0),
        ("right", 1.0),
    ):  # each in its own base, half a metre beside the middle, facing it
        T_base_own = np.array([[0.0, side, 0, -0.34], [-side, 0.0, 0, 0.469 * side], [0, 0, 1.0, 0], [0, 0, 0, 1.0]])
        pose = np.linalg.inv(T_base_own) @ Kinematics(ALOHA).tool_pose(seen, arm)
        assert pose[0, 3] > 0.2
        poses.append(pose_columns(pose, 0.75))
    np.testing.assert_allclose(request.pop("proprio"), np.concatenate(poses), atol=1e-6)
    assert request == {"language_instruction": PROMPT, "domain_id": 5, "steps": 10}


def test_droid_rows_are_places_of_the_tool() -> None:
    T_base_flange = flange_pose(observation(FRANKA).joint_state.position[:7])
    there = T_base_flange.copy()
    actions = []
    for row in range(30):
        there[0, 3] = T_base_flange[0, 3] + 0.002 * row
        actions.append([*pose_columns(there, 0.6 if row < 10 else 0.4), *[9.0] * 10])
    rows = joint_rows("xvla_droid", FRANKA, actions)
    assert rows.shape == (30, 8)
    np.testing.assert_array_equal(rows[:, 7], [0.0] * 10 + [1.0] * 20)
    np.testing.assert_allclose(flange_pose(rows[-1, :7]), there, atol=1e-3)


def test_answer_is_read_as_rows() -> None:
    with XvlaServer() as server, talking("xvla_droid", FRANKA, server) as client:
        server.answer = lambda request: np.arange(600.0).reshape(30, 20)
        np.testing.assert_array_equal(client.infer(observation(FRANKA)).actions, np.arange(600.0).reshape(30, 20))


class TestXvlaDroid(FamilyConformance):
    profile, robot, error = "xvla_droid", "franka", "Request failed"

    def make_server(self) -> XvlaServer:
        return XvlaServer()


class TestXvlaAloha(FamilyConformance):
    profile, robot, error = "xvla_aloha", "aloha", "Request failed"

    def make_server(self) -> XvlaServer:
        return XvlaServer()
