"""OpenVLA, OpenVLA-OFT and Cosmos-Policy: each profile's request and answer field by field, and the servers' errors."""

import numpy as np
import pytest
from wire.act_server import ActServer, cosmos, openvla, openvla_oft
from wire.family_conformance import FamilyConformance
from wire.seen import PROMPT, observation, robot_named
from wire.talking import joint_rows, sent, talking

from ros_wam.errors import PolicyAnswerInvalid
from ros_wam.kinematics import Kinematics

FRANKA, ALOHA = robot_named("franka"), robot_named("aloha")
SERVERS = {"openvla": openvla, "openvla_oft_aloha": openvla_oft, "cosmos_aloha": cosmos}
ROBOTS = {"openvla": FRANKA, "openvla_oft_aloha": ALOHA, "cosmos_aloha": ALOHA}


def assert_picture(picture: np.ndarray, size: int, shade: int) -> None:
    """A square picture, HWC, stretched, of this red."""
    assert (picture.dtype, picture.shape) == (np.uint8, (size, size, 3))
    np.testing.assert_array_equal(picture, np.full((size, size, 3), [shade, 10, 20]))


@pytest.mark.parametrize("name", SERVERS)
def test_arrays_are_json_numpy(name: str) -> None:
    with SERVERS[name]() as server, talking(name, ROBOTS[name], server) as client:
        client.infer(observation(ROBOTS[name]))
        assert server.headers["Content-Type"] == "application/json"
        assert server.headers["Accept-Encoding"] == "identity"


def test_openvla_is_sent_one_picture_and_its_data_set() -> None:
    request = sent("openvla", FRANKA, openvla())
    assert_picture(request.pop("image"), 256, 80)
    assert request == {"instruction": PROMPT, "unnorm_key": "bridge_orig"}


def test_openvla_moves_the_tool_by_metres_and_radians_along_the_base() -> None:
    rows = joint_rows("openvla", FRANKA, [[0.02, 0.0, -0.01, 0.0, 0.0, 0.1, 0.9]])
    assert rows.shape == (2, 8)
    np.testing.assert_allclose(rows[0, :7], FRANKA.home_position[:7])
    np.testing.assert_array_equal(rows[:, 7], 1.0)
    tool = Kinematics(FRANKA).tool_pose
    before, after = tool(rows[0], "arm"), tool(rows[1], "arm")
    np.testing.assert_allclose(after[:3, 3] - before[:3, 3], [0.02, 0.0, -0.01], atol=1e-4)
    turned = after[:3, :3] @ before[:3, :3].T
    np.testing.assert_allclose(np.arctan2(turned[1, 0], turned[0, 0]), 0.1, atol=1e-3)
    closed = joint_rows("openvla", FRANKA, [[0.0] * 6 + [0.1]])
    np.testing.assert_array_equal(closed[:, 7], 0.0)


def test_oft_is_sent_three_pictures_with_the_left_wrist_before_the_right() -> None:
    request = sent("openvla_oft_aloha", ALOHA, openvla_oft())
    assert list(request)[:3] == ["full_image", "left_wrist_image", "right_wrist_image"]
    for key, shade in zip(list(request)[:3], (160, 200, 240), strict=True):
        assert_picture(request.pop(key), 224, shade)
    assert_home(request.pop("state"))
    assert request == {"instruction": PROMPT}


def test_cosmos_is_sent_three_pictures_and_its_joints() -> None:
    request = sent("cosmos_aloha", ALOHA, cosmos())
    for key, shade in (("primary_image", 160), ("left_wrist_image", 200), ("right_wrist_image", 240)):
        assert_picture(request.pop(key), 224, shade)
    assert_home(request.pop("proprio"))
    assert request == {"task_description": PROMPT, "return_all_query_results": False}


def assert_home(state: np.ndarray) -> None:
    """2 x (6 joints, gripper), as the robot stands; grippers are 0 closed, 1 open."""
    assert (state.dtype, state.shape) == (np.float64, (14,))
    np.testing.assert_array_equal(state, observation(ALOHA).joint_state.position)


@pytest.mark.parametrize(("name", "rows"), [("openvla_oft_aloha", 25), ("cosmos_aloha", 50)])
def test_aloha_rows_are_positions(name: str, rows: int) -> None:
    with SERVERS[name]() as server, talking(name, ALOHA, server) as client:
        server.answer = lambda request: np.arange(rows * 14.0).reshape(rows, 14)
        actions = client.infer(observation(ALOHA)).actions
    np.testing.assert_array_equal(actions, np.arange(rows * 14.0).reshape(rows, 14))
    actions = np.tile(np.linspace(-0.3, 0.4, 14), (rows, 1))
    expected = actions.copy()
    expected[:, 6] = np.clip(expected[:, 6], 0.0, 1.0)
    np.testing.assert_allclose(joint_rows(name, ALOHA, actions), expected)


@pytest.mark.parametrize("name", SERVERS)
def test_error_with_status_200_is_one(name: str) -> None:
    with SERVERS[name]() as server, talking(name, ROBOTS[name], server) as client:
        server.fail_next = True
        with pytest.raises(PolicyAnswerInvalid, match="the policy server failed: error"):
            client.infer(observation(ROBOTS[name]))
        client.infer(observation(ROBOTS[name]))


def test_wrong_path_is_told() -> None:
    missing = pytest.raises(PolicyAnswerInvalid, match="HTTP status 404: Not Found")
    with openvla() as server, talking("openvla", FRANKA, server, path="/predict") as client, missing:
        client.infer(observation(FRANKA))


class TestOpenvla(FamilyConformance):
    profile, robot, error = "openvla", "franka", "the policy server failed: error"

    def make_server(self) -> ActServer:
        return openvla()


class TestOpenvlaOft(FamilyConformance):
    profile, robot, error = "openvla_oft_aloha", "aloha", "the policy server failed: error"

    def make_server(self) -> ActServer:
        return openvla_oft()


class TestCosmos(FamilyConformance):
    profile, robot, error = "cosmos_aloha", "aloha", "the policy server failed: error"

    def make_server(self) -> ActServer:
        return cosmos()
