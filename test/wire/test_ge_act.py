"""GE-Act: a tag that begins an episode, views in one array, no key that the server does not know."""

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.ge_act_server import GeActServer
from wire.seen import observation, robot_named
from wire.talking import joint_rows, talking

from ros_wam.errors import PolicyAnswerInvalid, PolicyUnreachable
from ros_wam.kinematics import Kinematics

NAME = "ge_act_aloha"
ALOHA = robot_named("aloha")


class TestGeAct(FamilyConformance):
    profile, robot, error, resets = NAME, "aloha", "CUDA out of memory", True

    def make_server(self) -> GeActServer:
        return GeActServer()


def test_the_request() -> None:
    with GeActServer() as server, talking(NAME, ALOHA, server) as client:
        seen = observation(ALOHA, prompt="pack the soap")
        reply = client.infer(seen)
        request = server.requests[0]
        assert set(request) == {"obs", "state", "prompt", "execution_step"}
        assert request["obs"].shape == (3, 192, 256, 3) and request["obs"].dtype == np.uint8
        shades = [seen.frames[view].image.max() for view in ("high", "left_wrist", "right_wrist")]
        assert [picture.max() for picture in request["obs"]] == shades
        assert (request["state"].shape, request["state"].dtype) == ((14,), np.float64)
        tool = Kinematics(ALOHA).tool_pose(ALOHA.home_position, "right")
        np.testing.assert_allclose(request["state"][7:10], tool[:3, 3])
        assert request["state"][6] == 0.25
        assert (reply.actions.shape, request["execution_step"]) == ((30, 14), 30)


def test_an_answer_of_the_state_is_where_the_robot_is() -> None:
    with GeActServer() as server, talking(NAME, ALOHA, server) as client:
        seen = observation(ALOHA, prompt="x")
        rows = joint_rows(NAME, ALOHA, client.infer(seen).actions)
        np.testing.assert_allclose(rows, np.tile(seen.joint_state.position, (30, 1)), atol=1e-3)


def test_only_an_episodes_first_prompt_has_the_tag() -> None:
    with GeActServer() as server, talking(NAME, ALOHA, server) as client:
        seen = observation(ALOHA, prompt="pack the soap")
        for _ in range(2):
            client.reset("pack the soap")
            client.infer(seen)
            client.infer(seen)
        assert [request["prompt"].startswith("<reset>") for request in server.requests] == [True, False] * 2
        assert (server.resets, len(server.memory), set(server.prompts)) == (2, 2, {"pack the soap"})


def test_an_error_begins_the_episode_again() -> None:
    with GeActServer() as server, talking(NAME, ALOHA, server) as client:
        seen = observation(ALOHA, prompt="pack the soap")
        client.reset("pack the soap")
        client.infer(seen)
        server.fail_next = True
        with pytest.raises(PolicyAnswerInvalid, match=r"CUDA out of memory$"):
            client.infer(seen)
        client.infer(seen)
        assert (server.resets, len(server.memory)) == (2, 1)


def test_a_restarted_server_begins_the_episode_again() -> None:
    with GeActServer() as server, talking(NAME, ALOHA, server) as client:
        seen = observation(ALOHA, prompt="x")
        client.infer(seen)
        server.stop()
        with pytest.raises(PolicyUnreachable):
            client.infer(seen)
        server.start()
        client.infer(seen)
        assert [request["prompt"] for request in server.requests] == ["<reset>x"] * 2
