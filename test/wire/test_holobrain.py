"""HoloBrain-0: request and answer field by field, what is left of a chunk, and the server's errors."""

import dataclasses

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.holobrain_server import ROWS, HolobrainServer
from wire.seen import PROMPT, observation, robot_named
from wire.talking import joint_rows, talking

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, ObservationError
from ros_wam.policy.depth_input import DepthInput
from ros_wam.policy.execution import Execution
from ros_wam.policy.profile import Profile
from ros_wam.types import Commitment, DepthImage, Observation

ALOHA = robot_named("aloha")
MATRIX = np.array([[300.0, 0.0, 160.0], [0.0, 310.0, 120.0], [0.0, 0.0, 1.0]])


def with_depth(robot: Embodiment) -> Observation:
    """What the robot sees, 700 mm away."""
    seen = observation(robot)
    depth = DepthImage(np.full((240, 320), 700, np.uint16), MATRIX)
    frames = {view: dataclasses.replace(frame, depth=depth) for view, frame in seen.frames.items()}
    return dataclasses.replace(seen, frames=frames)


def test_request_has_pictures_depth_camera_matrices_and_arms() -> None:
    with HolobrainServer() as server, talking("holobrain_aloha", ALOHA, server) as client:
        client.infer(with_depth(ALOHA))
    (request,) = server.requests
    for side, shade in (("left", 200), ("right", 240), ("middle", 160)):
        picture = request.pop(f"{side}_color")
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture, np.full((240, 320, 3), [20, 10, shade]))  # BGR
        depth = request.pop(f"{side}_depth")
        assert depth.dtype == np.uint16
        np.testing.assert_array_equal(depth, np.full((240, 320), 700))
        np.testing.assert_array_equal(request.pop(f"{side}_intrinsic"), np.hstack([MATRIX, np.zeros((3, 1))]))
    home = observation(ALOHA).joint_state.position
    for name, columns in (("left_arm_state", slice(0, 6)), ("right_arm_state", slice(7, 13))):
        np.testing.assert_allclose(request.pop(name), [*home[columns], 0.25 * 0.07])  # a quarter open, in metres
    assert request == {"instruction": PROMPT, "delay_horizon": "16"}


def test_what_is_left_of_the_chunk_goes_with_the_next_request() -> None:
    left = np.tile(ALOHA.home_position, (30, 1)) + np.linspace(0.0, 0.1, 30)[:, None]
    left[:, ALOHA.is_gripper] = 0.5
    seen = dataclasses.replace(with_depth(ALOHA), commitment=Commitment(left, 3))
    with HolobrainServer() as server, talking("holobrain_aloha", ALOHA, server) as client:
        client.infer(seen)
    expected = left.copy()
    expected[:, ALOHA.is_gripper] = 0.035
    np.testing.assert_allclose(server.requests[0]["remaining_actions"], expected)


@pytest.mark.parametrize(("rows", "sent"), [(6, False), (7, True)])
def test_too_few_rows_for_the_server_are_not_sent(rows: int, sent: bool) -> None:
    left = Commitment(np.tile(ALOHA.home_position, (rows, 1)), 3)
    with HolobrainServer() as server, talking("holobrain_aloha", ALOHA, server) as client:
        client.infer(dataclasses.replace(with_depth(ALOHA), commitment=left))
    assert ("remaining_actions" in server.requests[0]) == sent


def test_rows_are_positions_of_both_arms() -> None:
    with HolobrainServer() as server, talking("holobrain_aloha", ALOHA, server) as client:
        server.answer = lambda request: np.arange(ROWS * 14.0).reshape(ROWS, 14)
        actions = client.infer(with_depth(ALOHA)).actions
    np.testing.assert_array_equal(actions, np.arange(ROWS * 14.0).reshape(ROWS, 14))
    rows = joint_rows("holobrain_aloha", ALOHA, np.full((ROWS, 14), 0.035))
    np.testing.assert_allclose(rows[:, ALOHA.is_gripper], 0.5)
    np.testing.assert_allclose(rows[:, ~ALOHA.is_gripper], 0.035)


def test_robot_without_depth_is_not_asked_for() -> None:
    with HolobrainServer() as server, talking("holobrain_aloha", ALOHA, server) as client:
        with pytest.raises(ObservationError, match="left_wrist has no depth"):
            client.infer(observation(ALOHA))
        assert server.requests == []


def test_camera_matrix_of_another_width_is_refused() -> None:
    with pytest.raises(ConfigError, match="left_depth: camera_matrix_columns is 5, must be 3 or 4"):
        DepthInput("left_wrist", "left_depth", "left_intrinsic", 5)


class TestHolobrain(FamilyConformance):
    profile, robot, error = "holobrain_aloha", "aloha", "Inference failed"

    def adapted(self, profile: Profile) -> Profile:
        return dataclasses.replace(profile, execution=Execution("async", 200))  # asks once a second: this is thrifty

    def make_server(self) -> HolobrainServer:
        return HolobrainServer()
