"""openpi's policies: each profile's request and answer field by field, and the client against the reference server."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.openpi_server import OpenpiServer, droid_position, droid_velocity, libero, state_held
from wire.seen import PROMPT, observation, profile_named, robot_named

from ros_wam.clock import StationClock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import PolicyAnswerInvalid, PolicyMismatch, PolicyTimeout
from ros_wam.kinematics import Kinematics
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Timeouts

DROID = ("pi05_droid", "pi0_droid", "pi0_fast_droid", "pi05_droid_jointpos")
LIBERO = ("pi05_libero", "pi0_libero", "pi0_fast_libero")
ROWS = {"pi05_droid": 15, "pi0_droid": 10, "pi0_fast_droid": 10, "pi05_libero": 10, "pi0_libero": 50}
SGLANG = {
    "object": "action.metadata",
    "model": "pi05",
    "input": {"image_keys": ["base_0_rgb", "left_wrist_0_rgb"], "image_size": [224, 224], "state_dim": 32},
    "output": {"action_type": "continuous", "action_horizon": 50, "action_dim": 8, "padded_action_dim": 32},
}
FRANKA, ALOHA = robot_named("franka"), robot_named("aloha")


@contextmanager
def talking(name: str, robot: Embodiment, server: OpenpiServer, **timeouts: float) -> Iterator[PolicyClient]:
    """A client of `server`, which is there, by the profile `name`."""
    limits = Timeouts(**{"connect_s": 5.0, "first_call_s": 5.0, "call_s": 5.0, **timeouts})
    profile = dataclasses.replace(profile_named(name, robot), url=server.url, timeouts=limits)
    with closing(make_client(profile, robot, StationClock())) as client:
        yield client


def joint_rows(name: str, actions: Any, robot: Embodiment = FRANKA) -> np.ndarray:
    """What the profile's actions come to, in the robot's joints."""
    return ActionAdapter(profile_named(name, robot), robot).joint_rows(np.array(actions, float), observation(robot))


def sent(name: str, robot: Embodiment, server: OpenpiServer) -> dict[str, Any]:
    """What the server was sent for one observation."""
    with server, talking(name, robot, server) as client:
        client.reset(PROMPT)
        client.infer(observation(robot))
    return server.requests[0]


def assert_picture(picture: np.ndarray, shade: int) -> None:
    """A picture of 224 x 224, HWC, padded above and below, of this red."""
    assert (picture.dtype, picture.shape) == (np.uint8, (224, 224, 3))
    np.testing.assert_array_equal(picture[112, 112], [shade, 10, 20])
    np.testing.assert_array_equal(picture[27], 0)
    np.testing.assert_array_equal(picture[28], np.tile([shade, 10, 20], (224, 1)))


@pytest.mark.parametrize("name", DROID)
def test_droid_is_sent_two_pictures_its_joints_and_its_gripper(name: str) -> None:
    request = sent(name, FRANKA, OpenpiServer(droid_position(ROWS.get(name, 16))))
    assert_picture(request.pop("observation/exterior_image_1_left"), 80)
    assert_picture(request.pop("observation/wrist_image_left"), 40)
    joints = request.pop("observation/joint_position")
    assert joints.dtype == np.float64
    np.testing.assert_array_equal(joints, FRANKA.home_position[:7])
    np.testing.assert_array_equal(request.pop("observation/gripper_position"), [0.75])  # ours is a quarter open
    assert request == {"prompt": PROMPT}


@pytest.mark.parametrize("name", DROID[:3])
def test_droid_velocities_are_in_fifths_of_a_radian_a_row(name: str) -> None:
    actions = np.zeros((ROWS[name], 8))
    actions[:, 3], actions[:, 7] = -0.1, [*[0.51] * 5, *[0.49] * (ROWS[name] - 5)]
    rows = joint_rows(name, actions)
    assert rows.shape == (ROWS[name] + 1, 8)
    home = FRANKA.home_position[:7]
    np.testing.assert_allclose(rows[:, 3], home[3] - 0.02 * np.arange(ROWS[name] + 1))
    np.testing.assert_allclose(rows[:, [0, 1, 2, 4, 5, 6]], np.tile(home[[0, 1, 2, 4, 5, 6]], (len(rows), 1)))
    assert set(rows[:5, 7]) == {0.0} and set(rows[5:, 7]) == {1.0}  # above a half is closed, from its row on


def test_droid_positions_are_taken_as_they_are() -> None:
    actions = np.column_stack([np.tile(FRANKA.home_position[:7], (16, 1)) + 0.01, np.linspace(0.0, 1.0, 16)])
    rows = joint_rows("pi05_droid_jointpos", actions)
    np.testing.assert_allclose(rows[:, :7], actions[:, :7])
    assert list(rows[:, 7]) == [1.0] * 8 + [0.0] * 8


@pytest.mark.parametrize("name", ["pi0_aloha", "pi05_aloha"])
def test_aloha_is_sent_pictures_with_their_colours_first_and_one_state(name: str) -> None:
    request = sent(name, ALOHA, OpenpiServer(state_held(50), {"reset_pose": [0, -1.5, 1.5, 0, 0, 0]}))
    images = request.pop("images")
    assert set(images) == {"cam_high", "cam_left_wrist", "cam_right_wrist"}
    for camera, shade in (("cam_high", 160), ("cam_left_wrist", 200), ("cam_right_wrist", 240)):
        assert images[camera].shape == (3, 224, 224)
        assert_picture(images[camera].transpose(1, 2, 0), shade)
    state = request.pop("state")
    np.testing.assert_array_equal(state, np.where(ALOHA.is_gripper, 0.25, ALOHA.home_position))
    assert request == {"prompt": PROMPT}
    actions = np.tile(state, (50, 1)) + 0.01
    np.testing.assert_allclose(joint_rows(name, actions, ALOHA), actions)


@pytest.mark.parametrize("name", LIBERO)
def test_libero_is_sent_its_tool_and_both_fingers(name: str) -> None:
    request = sent(name, FRANKA, OpenpiServer(libero(ROWS.get(name, 10))))
    assert_picture(request.pop("observation/image"), 80)
    assert_picture(request.pop("observation/wrist_image"), 40)
    state = request.pop("observation/state")
    assert request == {"prompt": PROMPT}
    assert (state.shape, state.dtype) == ((8,), np.float64)
    np.testing.assert_allclose(state[:3], [0.46, 0.0, 0.34 + 0.0064], atol=2e-3)  # the home of the robot file
    np.testing.assert_allclose(state[3:6], [np.pi, 0.0, 0.0], atol=2e-3)  # it points down, the hand's x ahead
    np.testing.assert_allclose(state[6:], [0.01, -0.01])


@pytest.mark.parametrize("name", LIBERO)
def test_libero_actions_are_steps_of_the_tool(name: str) -> None:
    count = ROWS.get(name, 10)
    actions = np.zeros((count, 7))
    actions[:, 0], actions[:, 6] = 0.02, -1.0
    rows = joint_rows(name, actions)
    assert rows.shape == (count + 1, 8)
    poses = [Kinematics(FRANKA).tool_pose(row, "arm") for row in rows]
    np.testing.assert_allclose(poses[-1][:3, 3] - poses[0][:3, 3], [0.001 * count, 0.0, 0.0], atol=1e-4)
    np.testing.assert_allclose(poses[-1][:3, :3], poses[0][:3, :3], atol=1e-3)
    assert set(rows[1:, 7]) == {1.0}


def test_sglang_is_reached_at_its_path_and_its_metadata_is_compared() -> None:
    server = OpenpiServer(state_held(50), SGLANG, path="/openpi/policy")
    request = sent("sglang_openpi", FRANKA, server)
    assert server.url.endswith("/openpi/policy")
    assert set(request) == {"images", "state", "prompt"}
    assert_picture(request["images"]["base_0_rgb"], 80)
    assert_picture(request["images"]["left_wrist_0_rgb"], 40)
    assert request["state"].dtype == np.float32
    here = observation(FRANKA).joint_state.position
    np.testing.assert_allclose(request["state"], here / 8.0, rtol=1e-6)  # normalised
    actions = np.tile(request["state"], (50, 1))
    np.testing.assert_allclose(joint_rows("sglang_openpi", actions), np.tile(here, (50, 1)), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("section", "key", "value", "told"),
    [
        ("output", "action_dim", 32, "action_dim: server 32, profile 8"),
        ("output", "action_horizon", 10, "action_horizon: server 10, profile 50"),
        ("output", "action_type", "tokens", "output > action_type: server 'tokens', profile 'continuous'"),
        ("input", "image_size", [256, 256], r"image_size: server \[256, 256\], profile \[224, 224\]"),
    ],
)
def test_sglang_that_serves_another_model_is_refused(section: str, key: str, value: Any, told: str) -> None:
    metadata = {**SGLANG, section: {**SGLANG[section], key: value}}  # type: ignore[dict-item]
    server = OpenpiServer(state_held(50), metadata, path="/openpi/policy")
    with server, talking("sglang_openpi", FRANKA, server) as client, pytest.raises(PolicyMismatch, match=told):
        client.connect()


@pytest.fixture
def server() -> Iterator[OpenpiServer]:
    with OpenpiServer(droid_velocity(15)) as server:
        yield server


def test_answers_are_read_with_the_time_that_the_server_took(server: OpenpiServer) -> None:
    server.answer = lambda request: np.arange(120.0).reshape(15, 8)
    with talking("pi05_droid", FRANKA, server) as client:
        for _ in range(2):
            reply = client.infer(observation(FRANKA))
            np.testing.assert_array_equal(reply.actions, np.arange(120.0).reshape(15, 8))
            assert reply.server_infer_ms == 75.0


def test_an_error_is_told_and_the_next_call_goes_on(server: OpenpiServer) -> None:
    with talking("pi05_droid", FRANKA, server) as client:
        client.infer(observation(FRANKA))
        server.fail_next = True
        with pytest.raises(PolicyAnswerInvalid, match=r"the policy server failed: KeyError: 'observation/state'$"):
            client.infer(observation(FRANKA))
        assert client.infer(observation(FRANKA)).actions.shape == (15, 8)
    assert server.opened == 2


def test_a_late_answer_is_never_taken_for_a_new_one(server: OpenpiServer) -> None:
    timed_out = threading.Event()

    def late_once(request: dict[str, Any]) -> np.ndarray:
        if len(server.requests) == 2:
            return np.full((15, 8), float(timed_out.wait(10.0)))
        return np.full((15, 8), 2.0)

    server.answer = late_once
    with talking("pi05_droid", FRANKA, server, call_s=0.2) as client:
        client.infer(observation(FRANKA))
        with pytest.raises(PolicyTimeout, match=r"did not send an answer in 0\.2 s"):
            client.infer(observation(FRANKA))
        timed_out.set()
        assert client.infer(observation(FRANKA)).actions[0, 0] == 2.0


class TestDroid(FamilyConformance):
    profile, robot, error = "pi05_droid", "franka", "observation/state"

    def make_server(self) -> OpenpiServer:
        return OpenpiServer(droid_velocity(15))


class TestLibero(FamilyConformance):
    profile, robot, error = "pi05_libero", "franka", "observation/state"

    def make_server(self) -> OpenpiServer:
        return OpenpiServer(libero(10))
