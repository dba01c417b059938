"""GR00T's policies: each profile's request and answer field by field, and the client against every release's server."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.gr00t_server import DROID_N1_6, DROID_N1_7, ONE_ARM, RELEASES, Checkpoint, Gr00tServer
from wire.seen import PROMPT, observation, picture, profile_named, robot_named

from ros_wam.clock import StationClock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, PolicyAnswerInvalid, PolicyMismatch, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Timeouts
from ros_wam.sim.emulators.fci_model import flange_pose

FRANKA, UR5, ALOHA = robot_named("franka"), robot_named("ur5"), robot_named("aloha")
TWO_ARMS = Checkpoint(
    video=("cam_high", "cam_left_wrist", "cam_right_wrist"),
    state={"left_arm": 6, "left_gripper": 1, "right_arm": 6, "right_gripper": 1},
    action={"left_arm": 6, "left_gripper": 1, "right_arm": 6, "right_gripper": 1},
    language="annotation.human.task_description",
    rows=16,
)


@contextmanager
def talking(name: str, robot: Embodiment, server: Gr00tServer, **changes: Any) -> Iterator[PolicyClient]:
    """A client of `server`, which is there, by the profile `name`."""
    limits = Timeouts(connect_s=5.0, first_call_s=5.0, call_s=changes.pop("call_s", 5.0))
    profile = dataclasses.replace(profile_named(name, robot), url=server.url, timeouts=limits, **changes)
    with closing(make_client(profile, robot, StationClock())) as client:
        yield client


def asked(name: str, robot: Embodiment, server: Gr00tServer) -> tuple[dict[str, Any], np.ndarray]:
    """What the server was sent for one observation, and what its answer comes to in the robot's joints."""
    with server, talking(name, robot, server) as client:
        client.reset(PROMPT)
        reply = client.infer(observation(robot))
    assert "kill" not in server.endpoints
    rows = ActionAdapter(profile_named(name, robot), robot).joint_rows(np.array(reply.actions), observation(robot))
    return server.requests[0], rows


def test_n17_droid_is_sent_two_pictures_of_each_camera_and_its_state_thrice() -> None:
    server = Gr00tServer(DROID_N1_7, "main")
    request, rows = asked("gr00t_n17_droid", FRANKA, server)
    assert request.keys() == {"video", "state", "language"}
    for key, shade in (("exterior_image_1_left", 80), ("wrist_image_left", 40)):
        assert request["video"][key].shape == (1, 2, 180, 320, 3)
        np.testing.assert_array_equal(request["video"][key][0, :, 90, 160], [[shade, 10, 20]] * 2)
    joints = FRANKA.home_position[:7]
    np.testing.assert_allclose(request["state"]["joint_position"], [[joints]], rtol=1e-6)
    np.testing.assert_allclose(request["state"]["gripper_position"], [[[0.75]]])
    T_base_flange = flange_pose(joints)  # of Franka's own kinematics
    xyz, rows_of_rotation = np.split(request["state"]["eef_9d"][0, 0], [3])
    np.testing.assert_allclose(xyz, T_base_flange[:3, 3], atol=1e-3)
    corrected = T_base_flange[:3, :3] @ [[0, 0, -1], [-1, 0, 0], [0, 1, 0]]
    np.testing.assert_allclose(rows_of_rotation, corrected[:2].ravel(), atol=1e-3)
    assert request["language"] == {"annotation.language.language_instruction": [[PROMPT]]}
    assert rows.shape == (40, 8)
    np.testing.assert_allclose(rows, [[*joints, 0.0]] * 40, rtol=1e-6)  # above a half is closed
    assert server.resets == 1


def test_n17_droid_looks_back_a_second() -> None:
    server = Gr00tServer(DROID_N1_7, "n1.6")
    dark = np.full((240, 320, 3), 7, np.uint8)
    before = {(view, -15): dataclasses.replace(picture(view), image=dark) for view in FRANKA.views}
    seen = dataclasses.replace(observation(FRANKA), history=before)
    with server, talking("gr00t_n17_droid", FRANKA, server) as client:
        client.infer(seen)
    video = server.requests[0]["video"]["wrist_image_left"]
    np.testing.assert_array_equal(video[0, :, 90, 160], [[7, 7, 7], [40, 10, 20]])


def test_n16_droid_takes_and_gives_flat_keys_in_a_nested_envelope() -> None:
    request, rows = asked("gr00t_n16_droid", FRANKA, Gr00tServer(DROID_N1_6, "n1.6", wrapped=True))
    assert request.keys() == {  # what its own client sends, and no more
        "video.exterior_image_1_left",
        "video.wrist_image_left",
        "state.joint_position",
        "state.gripper_position",
        "annotation.language.language_instruction",
    }
    assert request["video.wrist_image_left"].shape == (1, 1, 180, 320, 3)
    assert request["annotation.language.language_instruction"] == [PROMPT]
    for key, columns in (("joint_position", 7), ("gripper_position", 1)):
        assert (request[f"state.{key}"].shape, request[f"state.{key}"].dtype) == ((1, 1, columns), np.float32)
    assert rows.shape == (32, 8)


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_is_recognised_and_spoken_to(release: str) -> None:
    server = Gr00tServer(ONE_ARM, release)
    request, rows = asked("gr00t_one_arm", UR5, server)
    if release in ("n1", "n1.5"):
        assert request.keys() == {
            "video.front",
            "video.wrist",
            "state.single_arm",
            "state.gripper",
            "annotation.human.task_description",
        }
        assert request["video.front"].shape == (1, 480, 640, 3)
        assert request["annotation.human.task_description"] == [PROMPT]
        assert "reset" not in server.endpoints
    else:
        np.testing.assert_allclose(request["state"]["single_arm"], [[UR5.home_position[:6]]], rtol=1e-6)
        assert server.resets == 1
    np.testing.assert_allclose(rows, [[*UR5.home_position[:6], 0.25]] * 16, rtol=1e-6)


@pytest.mark.parametrize("codec", ["torch_arrays", "msgpack_numpy", "openpi"])
def test_what_a_server_answers_counts_and_not_the_profiles_codec(codec: str) -> None:
    for release in ("n1", "n1.5", "n1.6", "main"):
        server = Gr00tServer(ONE_ARM, release)
        with server, talking("gr00t_one_arm", UR5, server, codec=codec) as client:
            assert client.infer(observation(UR5)).actions.shape == (16, 7)


def test_aloha_has_two_arms() -> None:
    request, rows = asked("gr00t_aloha", ALOHA, Gr00tServer(TWO_ARMS, "n1.5"))
    np.testing.assert_allclose(request["state.right_gripper"], [[0.25]])
    np.testing.assert_array_equal(request["video.cam_left_wrist"][0, 240, 320], [200, 10, 20])
    np.testing.assert_allclose(rows, [np.where(ALOHA.is_gripper, 0.25, ALOHA.home_position)] * 16, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"video": ("front", "wrist", "top")}, "takes_images: server .*'top'"),
        ({"state": {"single_arm": 6, "hand": 1}}, "takes_state: server .*'hand'"),
        ({"action": {"single_arm": 6}}, "gives_actions: server"),
        ({"language": "task"}, "takes_prompt: server"),
        ({"history": (-15, 0)}, r"image_history: server \[-15, 0\], profile \[0\]"),
        ({"rows": 8}, "action_horizon: server 8, profile 16"),
    ],
)
@pytest.mark.parametrize("release", ["n1.5", "main"])
def test_checkpoint_that_was_trained_with_something_else_is_refused(change: Any, told: str, release: str) -> None:
    server = Gr00tServer(dataclasses.replace(ONE_ARM, **change), release)
    with server, talking("gr00t_one_arm", UR5, server) as client, pytest.raises(PolicyMismatch, match=told):
        client.connect()
    assert not server.requests


def test_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = {"api_token": "${GR00T_API_TOKEN}"}
    with Gr00tServer(ONE_ARM, token="open sesame") as server:
        with pytest.raises(ConfigError, match="GR00T_API_TOKEN"), talking("gr00t_one_arm", UR5, server, setup=setup):
            pass
        monkeypatch.setenv("GR00T_API_TOKEN", "open sesame")
        with talking("gr00t_one_arm", UR5, server, setup=setup) as client:
            client.infer(observation(UR5))
        with talking("gr00t_one_arm", UR5, server) as client, pytest.raises(PolicyAnswerInvalid, match="Unauthorized"):
            client.connect()
    with pytest.raises(ConfigError, match="token"), talking("gr00t_one_arm", UR5, server, setup={"token": "x"}):
        pass


@pytest.mark.parametrize("release", RELEASES)
def test_error_is_told_and_the_next_answer_is_to_the_next_request(release: str) -> None:
    server = Gr00tServer(ONE_ARM, release)
    with server, talking("gr00t_one_arm", UR5, server) as client:
        client.reset(PROMPT)
        server.fail_next = True
        told = "answered ERROR" if release == "n1" else "CUDA out of memory"
        with pytest.raises(PolicyAnswerInvalid, match=told):
            client.infer(observation(UR5))
        there = UR5.home_position + 0.01
        np.testing.assert_allclose(client.infer(observation(UR5, there)).actions[0, :6], there[:6], rtol=1e-6)
    assert len(server.requests) == 2


@pytest.mark.parametrize("failing", ["ping", "get_modality_config", "reset", "get_action"])
@pytest.mark.parametrize("words", ["", "it broke"])
def test_every_endpoint_may_fail(failing: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Gr00tServer(ONE_ARM)
    result = server.result
    monkeypatch.setattr(
        server, "result", lambda name, data: {"error": words} if name == failing else result(name, data)
    )
    told = pytest.raises(PolicyAnswerInvalid, match=f"the policy server failed: {words or 'without a word'}")
    with server, talking("gr00t_one_arm", UR5, server) as client, told:
        client.reset(PROMPT)
        client.infer(observation(UR5))


def test_late_answer_is_never_taken_for_a_new_one() -> None:
    released = threading.Event()
    server = Gr00tServer(ONE_ARM)

    def late_once(request: dict[str, Any]) -> Any:
        if len(server.requests) == 2:
            released.wait(5.0)
        return server.hold(request)

    server.answer = late_once
    with server, talking("gr00t_one_arm", UR5, server, call_s=0.05) as client:
        client.infer(observation(UR5))
        with pytest.raises(PolicyTimeout):
            client.infer(observation(UR5))
        released.set()
        there = UR5.home_position + 0.01
        np.testing.assert_allclose(client.infer(observation(UR5, there)).actions[0, :6], there[:6], rtol=1e-6)


def test_dead_server_is_unreachable_and_found_again() -> None:
    server = Gr00tServer(ONE_ARM)
    with server, talking("gr00t_one_arm", UR5, server) as client:
        client.infer(observation(UR5))
        server.stop()
        with pytest.raises(PolicyUnreachable):
            client.infer(observation(UR5))
        server.start()
        client.infer(observation(UR5))
        server.stop()
        server.release = "n1.5"
        server.flat = True
        server.start()
        assert client.infer(observation(UR5)).actions.shape == (16, 7)


@pytest.mark.parametrize(
    "config",
    [
        5,
        {"video": {"__ModalityConfig__": True, "as_json": "[" * 5000}},
        {"video": {"__ModalityConfig_class__": True, "as_json": "{"}},
        {"video": {"__ModalityConfig__": True, "as_json": [1]}},
        {"state": {"__ModalityConfig__": True, "as_json": {"modality_keys": [1]}}},
        {"action": {"__ModalityConfig__": True, "as_json": {"delta_indices": "x"}}},
    ],
)
def test_modality_config_that_is_none_is_invalid(config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Gr00tServer(ONE_ARM)
    monkeypatch.setattr(server, "modality_config", lambda: config)
    refused = pytest.raises(PolicyAnswerInvalid, match="modality config")
    with server, talking("gr00t_one_arm", UR5, server) as client, refused:
        client.connect()


@pytest.mark.parametrize("answer", [{}, [], [{}, {}, {}], "text", [5, {}], [{"single_arm": 1, "gripper": 2}, {}]])
def test_answer_that_is_none_is_invalid(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Gr00tServer(ONE_ARM)
    result = server.result
    monkeypatch.setattr(server, "result", lambda name, data: answer if name == "get_action" else result(name, data))
    with server, talking("gr00t_one_arm", UR5, server) as client, pytest.raises(PolicyAnswerInvalid):
        client.infer(observation(UR5))


class TestGr00tDroid(FamilyConformance):
    profile, robot, error, resets = "gr00t_n17_droid", "franka", "CUDA out of memory", True

    def make_server(self) -> Gr00tServer:
        return Gr00tServer(DROID_N1_7)


class TestGr00tN1(FamilyConformance):
    profile, robot, error = "gr00t_one_arm", "ur5", "answered ERROR"

    def make_server(self) -> Gr00tServer:
        return Gr00tServer(ONE_ARM, "n1")


class TestGr00tDroid16(FamilyConformance):
    profile, robot, error, resets = "gr00t_n16_droid", "franka", "CUDA out of memory", True

    def make_server(self) -> Gr00tServer:
        return Gr00tServer(DROID_N1_6, "n1.6", wrapped=True)


class TestGr00tAloha(FamilyConformance):
    profile, robot, error = "gr00t_aloha", "aloha", "CUDA out of memory"

    def make_server(self) -> Gr00tServer:
        return Gr00tServer(TWO_ARMS, "n1.5")
