"""WALL-OSS, new and old: pictures as text, a first row that is not to be executed, two ways to tell of an error."""

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.seen import SHADES, observation, robot_named
from wire.talking import joint_rows, talking
from wire.wall_server import OldWallServer, WallServer

from ros_wam.errors import PolicyAnswerInvalid, PolicyMismatch, PolicyUnreachable
from ros_wam.kinematics import Kinematics

ALOHA, FRANKA = robot_named("aloha"), robot_named("franka")
NEW, OLD = "wall_oss_aloha", "wall_oss_old_libero"
CAMERAS = ("face_view", "right_wrist_view")


class TestWall(FamilyConformance):
    profile, robot, error = NEW, "aloha", "missing action fields"

    def make_server(self) -> WallServer:
        return WallServer()


class TestOldWall(FamilyConformance):
    profile, robot, error = OLD, "franka", "missing action fields"

    def make_server(self) -> OldWallServer:
        return OldWallServer(CAMERAS)


def test_the_new_request_and_its_answer() -> None:
    with WallServer() as server, talking(NEW, ALOHA, server) as client:
        reply = client.infer(observation(ALOHA, prompt="fold the towel"))
        request = server.requests[0]
        assert set(request) == {"state", "views", "instruction"} and request["instruction"] == "fold the towel"
        views = {"camera_front": "high", "camera_left": "left_wrist", "camera_right": "right_wrist"}
        assert {key: type(text) for key, text in request["views"].items()} == dict.fromkeys(views, str)
        for key, view in views.items():
            seen = server.pictures[0][key]
            assert seen.shape == (240, 320, 3)
            np.testing.assert_allclose(seen.reshape(-1, 3).mean(axis=0), (SHADES[view], 10, 20), atol=4)
        tool = Kinematics(ALOHA).tool_pose(ALOHA.home_position, "right")
        assert set(request["state"]) == {"follow1_pos", "follow2_pos"}
        pose = request["state"]["follow2_pos"]
        assert isinstance(pose, list) and len(pose) == 7 and pose[6] == pytest.approx(0.25 * 4.4)
        np.testing.assert_allclose(pose[:3], tool[:3, 3])
        assert reply.actions.shape == (32, 14) and (reply.actions < 9.0).all(), "without the current state"
        assert reply.server_infer_ms == 90.0
        rows = joint_rows(NEW, ALOHA, reply.actions)
        np.testing.assert_allclose(rows[-1], observation(ALOHA).joint_state.position, atol=1e-3)


def test_the_old_request_and_its_answer() -> None:
    with OldWallServer(CAMERAS) as server, talking(OLD, FRANKA, server) as client:
        reply = client.infer(observation(FRANKA, prompt="fold the towel"))
        request = server.requests[0]
        assert set(request) == {*CAMERAS, "prompt", "state", "dataset_names"}
        assert (request["prompt"], request["dataset_names"]) == ("fold the towel", "libero_all")
        assert [request[camera].shape for camera in CAMERAS] == [(256, 256, 3)] * 2
        assert [request[camera][..., 0].max() for camera in CAMERAS] == [SHADES["global"], SHADES["wrist"]]
        assert request["state"].dtype == np.float32 and request["state"][6] == pytest.approx(0.01)
        assert reply.actions.shape == (10, 7)
        rows = joint_rows(OLD, FRANKA, reply.actions)
        np.testing.assert_allclose(rows[-1, :7], FRANKA.home_position[:7], atol=1e-3)
        assert rows.shape == (11, 8) and (rows[:, 7] == 1.0).all()


def test_another_model_is_refused_before_the_robot_moves() -> None:
    server = OldWallServer(CAMERAS)
    server.metadata = {**server.metadata, "action_dim": 14, "pred_horizon": 32}
    told = "action_horizon: server 32, profile 10; action_dim: server 14, profile 7"
    with server, talking(OLD, FRANKA, server) as client, pytest.raises(PolicyMismatch, match=told):
        client.connect()


@pytest.mark.parametrize("batched", [False, True])
def test_an_error_is_told_and_the_next_answer_is_taken(batched: bool) -> None:
    with WallServer() as server, talking(NEW, ALOHA, server) as client:
        server.fail_next, server.batched = True, batched
        with pytest.raises(PolicyAnswerInvalid, match="missing action fields: follow_left_gripper"):
            client.infer(observation(ALOHA))
        client.infer(observation(ALOHA))
        assert server.opened == 2, "nothing that the server still sends is taken for an answer"


def test_a_restarted_server_is_found_again() -> None:
    with WallServer() as server, talking(NEW, ALOHA, server) as client:
        client.infer(observation(ALOHA))
        server.stop()
        with pytest.raises(PolicyUnreachable):
            client.infer(observation(ALOHA))
        server.start()
        client.infer(observation(ALOHA))
