"""Realtime-VLA V2: request and answer field by field, the rows that an answer goes on after, and its errors."""

import dataclasses
import os
import pickle
from typing import Any

import cv2
import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.http_server import Answer
from wire.realtime_vla_server import ROWS, RealtimeVlaServer
from wire.seen import observation, robot_named
from wire.talking import joint_rows, talking

from ros_wam.errors import ConfigError, PolicyAnswerInvalid
from ros_wam.policy.request_layout import RealTimeChunking
from ros_wam.types import Commitment

ALOHA = robot_named("aloha")
NAME = "realtime_vla_v2_aloha"


class Attack:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("true",)


def as_server(positions: np.ndarray) -> np.ndarray:
    """Positions with grippers in metres."""
    rows = np.array(positions)
    rows[..., ALOHA.is_gripper] *= 0.072
    return rows


def test_request_at_rest_has_pictures_and_where_the_robot_is() -> None:
    with RealtimeVlaServer() as server, talking(NAME, ALOHA, server) as client:
        actions = client.infer(observation(ALOHA)).actions
    (request,) = server.requests
    for camera, shade in (("high", 160), ("left_hand", 200), ("right_hand", 240)):
        picture = cv2.imdecode(np.frombuffer(request["images"].pop(camera), np.uint8), cv2.IMREAD_UNCHANGED)
        assert picture.shape == (240, 320, 3)
        assert np.abs(picture.astype(int) - [20, 10, shade]).max() <= 4  # OpenCV's order
    here = as_server(observation(ALOHA).joint_state.position)
    np.testing.assert_allclose(request.pop("action"), [here])
    assert request == {"images": {}}
    assert actions.shape == (ROWS, 14)  # with the row that was sent
    np.testing.assert_allclose(actions, np.tile(here, (ROWS, 1)), rtol=1e-6)


@pytest.mark.parametrize(("delay", "sent"), [(3, 4), (40, 15)])
def test_answer_goes_on_after_what_will_have_been_executed(delay: int, sent: int) -> None:
    left = np.tile(ALOHA.home_position, (30, 1)) + np.linspace(0.0, 0.1, 30)[:, None]
    left[:, ALOHA.is_gripper] = 0.5
    seen = dataclasses.replace(observation(ALOHA), commitment=Commitment(left, delay))
    with RealtimeVlaServer() as server, talking(NAME, ALOHA, server) as client:
        server.answer = lambda request: np.full((2, 14), 0.25)
        actions = client.infer(seen).actions
    np.testing.assert_allclose(server.requests[0]["action"], as_server(left[:sent]))
    assert server.requests[0]["state_delta"] == delay
    np.testing.assert_allclose(actions, [*as_server(left[:sent]), *np.full((2, 14), 0.25)])


def test_rows_are_positions() -> None:
    rows = joint_rows(NAME, ALOHA, np.full((ROWS, 14), 0.036))
    np.testing.assert_allclose(rows[:, ALOHA.is_gripper], 0.5)
    np.testing.assert_allclose(rows[:, ~ALOHA.is_gripper], 0.036)


def test_answer_that_would_run_something_is_refused_by_name() -> None:
    with RealtimeVlaServer() as server, talking(NAME, ALOHA, server) as client:
        server.posted = lambda body, content_type: Answer(pickle.dumps({"action_list": Attack()}))
        with pytest.raises(PolicyAnswerInvalid, match=r"pickle names posix\.system, which is refused"):
            client.infer(observation(ALOHA))


def test_no_rows_at_all_are_refused() -> None:
    with pytest.raises(ConfigError, match="most_rows is 0, must be 1 or more"):
        RealTimeChunking("action", most_rows=0)


class TestRealtimeVla(FamilyConformance):
    profile, robot, error = NAME, "aloha", "Internal Server Error"

    def make_server(self) -> RealtimeVlaServer:
        return RealtimeVlaServer()
