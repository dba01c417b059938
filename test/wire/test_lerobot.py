"""LeRobot's asynchronous inference: each profile's set-up, observation and answer, and the client against a server."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from waiting import wait_until
from wire.family_conformance import FamilyConformance
from wire.lerobot_pickles import Incoming, timed_actions
from wire.lerobot_server import LerobotServer
from wire.seen import PROMPT, SHADES, observation, profile_named, robot_named

from ros_wam.clock import StationClock
from ros_wam.errors import ConfigError, PolicyAnswerInvalid, PolicyMismatch, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Profile, Timeouts

ALOHA_CAMERAS = {"high": "cam_high", "left_wrist": "cam_left_wrist", "right_wrist": "cam_right_wrist"}
PROFILES = {
    "lerobot_act": ("aloha", "act", 100, ALOHA_CAMERAS),
    "lerobot_pi0": ("aloha", "pi0", 50, ALOHA_CAMERAS),
    "lerobot_pi05": ("franka", "pi05", 50, {"wrist": "wrist", "global": "exterior"}),
    "lerobot_smolvla": ("arx5", "smolvla", 50, {"global": "global", "side": "side", "wrist": "wrist"}),
    "lerobot_groot": ("ur5", "groot", 16, {"global": "global", "wrist": "wrist"}),
    "lerobot_diffusion": ("ur5", "diffusion", 8, {"global": "global", "wrist": "wrist"}),
}
CHECKPOINT = "a-lab/a-checkpoint"
UR5 = robot_named("ur5")


@pytest.fixture(autouse=True)
def _checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEROBOT_CHECKPOINT", CHECKPOINT)


@contextmanager
def talking(server: LerobotServer, name: str = "lerobot_groot", call_s: float = 5.0) -> Iterator[PolicyClient]:
    """A client of `server` by the profile `name`."""
    robot = robot_named(PROFILES[name][0])
    limits = Timeouts(connect_s=5.0, first_call_s=call_s, call_s=call_s)
    profile = dataclasses.replace(profile_named(name, robot), url=server.url, timeouts=limits)
    with closing(make_client(profile, robot, StationClock())) as client:
        yield client


@pytest.mark.parametrize("name", PROFILES)
def test_a_server_is_set_up_and_shown_what_the_profile_says_and_answers_joints_in_order(name: str) -> None:
    robot_name, policy_type, rows, cameras = PROFILES[name]
    robot = robot_named(robot_name)
    joints = len(robot.joint_names)
    answered = np.arange(5 * joints).reshape(5, -1) * 0.01
    with LerobotServer() as server, talking(server, name) as client:
        server.answer = lambda observation: answered
        client.reset(PROMPT)
        np.testing.assert_allclose(client.infer(observation(robot)).actions, answered, atol=1e-6)
    assert profile_named(name, robot).reply.columns == robot.joint_names
    (set_up,), (seen,) = server.set_ups, server.requests
    features = set_up.__dict__.pop("lerobot_features")
    told = {"policy_type": policy_type, "pretrained_name_or_path": CHECKPOINT, "actions_per_chunk": rows}
    assert vars(set_up) == {**told, "device": "cuda", "rename_map": {}}
    state = features.pop("observation.state")
    assert (state["dtype"], state["shape"], len(set(state["names"]))) == ("float32", (joints,), joints)
    assert set(features) == {f"observation.images.{camera}" for camera in cameras.values()}
    for feature in features.values():
        assert feature == {"dtype": "image", "shape": (480, 640, 3), "names": ["height", "width", "channels"]}
    assert (seen.timestamp, seen.timestep, seen.must_go) == (pytest.approx(1e-9), 0, True)
    shown = seen.observation
    assert shown.pop("task") == PROMPT
    for view, camera in cameras.items():
        picture = shown.pop(camera)
        assert (picture.dtype, picture.shape) == (np.uint8, (480, 640, 3))
        np.testing.assert_array_equal(picture[240, 320], [SHADES[view], 10, 20])
    assert list(shown) == state["names"]
    assert {type(number) for number in shown.values()} == {float}
    position = np.where(robot.is_gripper, 0.75 if name == "lerobot_pi05" else 0.25, robot.home_position)
    np.testing.assert_array_equal(list(shown.values()), position)


def test_nothing_is_named_but_the_servers_classes_and_numpys_array() -> None:
    with LerobotServer() as server, talking(server) as client:
        client.infer(observation(UR5))
    lerobot = {"lerobot.async_inference.helpers.RemotePolicyConfig", "lerobot.async_inference.helpers.TimedObservation"}
    assert {name for name in server.names if not name.startswith("numpy")} == lerobot


def test_an_observation_like_the_last_one_is_answered() -> None:
    """A server drops what moved by less than 1, in radians nearly everything, and steps that it has answered."""
    with LerobotServer() as server, talking(server) as client:
        for _ in range(3):
            client.infer(observation(UR5))
        client.reset(PROMPT)
        client.infer(observation(UR5))
    assert [seen.timestep for seen in server.requests] == [0, 1, 2, 0]
    assert (len(server.set_ups), server.resets) == (1, 2)  # one set-up, and a reset for each episode


def test_a_policy_that_raised_is_named_and_the_next_answer_is_right() -> None:
    with LerobotServer() as server, talking(server) as client:
        client.infer(observation(UR5))
        server.fail_next = True
        with pytest.raises(PolicyAnswerInvalid, match=r"empty answer: its policy failed.*its log tells"):
            client.infer(observation(UR5))
        assert client.infer(observation(UR5)).actions.shape == (16, 7)


def test_a_camera_that_the_set_up_lacks_is_refused_before_it_is_sent() -> None:
    profile = profile_named("lerobot_groot", UR5)
    lacking = dataclasses.replace(profile, setup={**profile.setup, "cameras": {"global": [480, 640]}})
    with LerobotServer() as server, pytest.raises(Exception, match=r"observation\.images\.wrist.*must have"):
        infer_once(lacking, server)


def infer_once(profile: Profile, server: LerobotServer) -> Any:
    changed = dataclasses.replace(profile, url=server.url)
    with closing(make_client(changed, UR5, StationClock())) as client:
        return client.infer(observation(UR5)).actions


@pytest.mark.parametrize(("key", "value"), [("state_dim", 6), ("actions_per_chunk", 32)])
def test_a_set_up_that_does_not_fit_the_profile_is_a_mismatch(key: str, value: int) -> None:
    profile = profile_named("lerobot_groot", UR5)
    wrong = dataclasses.replace(profile, setup={**profile.setup, key: value})
    with LerobotServer() as server, pytest.raises(PolicyMismatch, match=f"server {value}, profile"):
        infer_once(wrong, server)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"policy_type": "xvla"}, r"policy_type is 'xvla', must be one of act, smolvla"),
        ({"actions_per_chunk": 0}, "actions_per_chunk is 0, must be above 0"),
        ({"pretrained": "x"}, "unknown key pretrained; valid keys: policy_type, pretrained_name_or_path"),
        ({"pretrained_name_or_path": "${NOT_THERE}"}, "setup: pretrained_name_or_path needs .* NOT_THERE"),
    ],
)
def test_a_set_up_that_is_wrong_names_the_key_and_what_it_may_be(changes: dict[str, Any], told: str) -> None:
    profile = profile_named("lerobot_groot", UR5)
    wrong = dataclasses.replace(profile, setup={**profile.setup, **changes})
    with pytest.raises(ConfigError, match=told):
        make_client(wrong, UR5, StationClock())


def test_a_late_answer_is_never_taken_for_a_new_one() -> None:
    released = threading.Event()

    def late_once(seen: Incoming) -> Any:
        if len(server.requests) == 1:
            released.wait(10.0)
        return np.full((4, 7), float(len(server.requests)))

    with LerobotServer() as server, talking(server, call_s=0.4) as client:
        server.answer = late_once
        with pytest.raises(PolicyTimeout, match="GetActions"):
            client.infer(observation(UR5))
        released.set()
        assert client.infer(observation(UR5)).actions[0, 0] == 2.0


@pytest.mark.parametrize("steps", [(1, 2), (0, 2), (-1, 0)])
def test_an_answer_for_other_time_steps_is_refused(steps: tuple[int, int]) -> None:
    rows = np.zeros((2, 7))
    dt = 1 / 30
    with LerobotServer() as server, talking(server) as client:
        server.raw = timed_actions(rows, 0.0, steps[0], dt, step=steps[1] - steps[0])
        with pytest.raises(PolicyAnswerInvalid, match="asked was from 0 on"):
            client.infer(observation(UR5))


@pytest.mark.parametrize("raw", [b"\x80\x04]\x94.", b"\x80\x04K\x01.", b"garbage", b"\x80\x04cos\nsystem\n."])
def test_an_answer_that_is_none_is_invalid(raw: bytes) -> None:
    with LerobotServer() as server, talking(server) as client:
        server.raw = raw
        with pytest.raises(PolicyAnswerInvalid):
            client.infer(observation(UR5))


def test_a_server_that_died_and_came_back_is_set_up_again() -> None:
    with LerobotServer() as server, talking(server) as client:
        client.infer(observation(UR5))
        server.stop()
        with pytest.raises(PolicyUnreachable):
            client.infer(observation(UR5))
        with LerobotServer(server.port) as again:
            assert client.infer(observation(UR5)).actions.shape == (16, 7)
            assert len(again.set_ups) == 1


def test_a_server_that_came_back_unseen_is_set_up_before_it_is_asked() -> None:
    with LerobotServer() as server, talking(server) as client:
        client.infer(observation(UR5))
        server.stop()
        with LerobotServer(server.port) as again:
            wait_until(lambda: not client._transport.is_open, "the connection is known to be closed")
            client.infer(observation(UR5))
            assert len(again.set_ups) == 1


class TestLerobot(FamilyConformance):
    profile, robot, error, resets = "lerobot_groot", "ur5", "empty answer", True

    def make_server(self) -> LerobotServer:
        return LerobotServer()
