"""LingBot-VA and ABot-M0.5: three kinds of requests on one connection, and key frames of what was executed."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance, FamilySitting
from wire.lingbot_server import LingbotServer, no_motion, no_step, state_held
from wire.seen import observation, profile_named, robot_named
from wire.talking import joint_rows, talking

from ros_wam.embodiment import Embodiment
from ros_wam.errors import PolicyAnswerInvalid, PolicyUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.types import CameraFrame, FloatArray, Observation

ALOHA = robot_named("aloha")
PREFIX = "observation.images."
ALOHA_CAMERAS = {"high": "cam_high", "left_wrist": "cam_left_wrist", "right_wrist": "cam_right_wrist"}


def aloha_server() -> LingbotServer:
    return LingbotServer(no_motion, tuple(PREFIX + name for name in ALOHA_CAMERAS.values()), 2, 16)


def franka_server() -> LingbotServer:
    return LingbotServer(state_held, (f"{PREFIX}cam_high", f"{PREFIX}cam_wrist"), 4, 20)


def libero_server() -> LingbotServer:
    return LingbotServer(no_step, (f"{PREFIX}agentview_rgb", f"{PREFIX}eye_in_hand_rgb"), 4, 4)


class TestLingbotAloha(FamilyConformance):
    profile, robot, error, resets = "lingbot_va_aloha", "aloha", "observation.images.cam_high", True

    def make_server(self) -> LingbotServer:
        return aloha_server()


class TestLingbotFranka(FamilyConformance):
    profile, robot, error, resets = "lingbot_va_franka", "franka", "observation.images.cam_high", True

    def make_server(self) -> LingbotServer:
        return franka_server()


class TestAbotLibero(FamilyConformance):
    profile, robot, error, resets = "abot_m05_libero", "franka", "observation.images.cam_high", True

    def make_server(self) -> LingbotServer:
        return libero_server()

    @pytest.mark.slow
    @pytest.mark.virtual
    def test_a_sitting_with_a_failure_and_a_wrong_answer(self, sitting: FamilySitting) -> None:
        super().test_a_sitting_with_a_failure_and_a_wrong_answer(sitting)
        assert len(sitting.server.executed) >= 4, "a chunk of every trial but the wide one was executed"
        newest = sitting.server.executed[-1]["obs"][-1][f"{PREFIX}agentview_rgb"]
        assert newest.std() > 0.0, "a picture of the simulated station"


def executed(seen: Observation, count: int) -> Observation:
    """`seen` with `count` key frames before it, of rising shades."""
    frames = [
        {view: CameraFrame(view, 1, np.full_like(frame.image, shade)) for view, frame in seen.frames.items()}
        for shade in range(count)
    ]
    return dataclasses.replace(seen, executed=tuple(frames))


@pytest.mark.parametrize(
    ("make", "name", "body", "size", "columns", "first_rows", "rows", "key_frames"),
    [
        (aloha_server, "lingbot_va_aloha", "aloha", (240, 320), 16, 16, 32, (4, 8)),
        (franka_server, "lingbot_va_franka", "franka", (240, 320), 8, 60, 80, (12, 16)),
        (libero_server, "abot_m05_libero", "franka", (128, 128), 7, 12, 16, (12, 16)),
    ],
)
def test_an_episode_on_the_wire(
    make: Any, name: str, body: str, size: Any, columns: int, first_rows: int, rows: int, key_frames: Any
) -> None:
    here = robot_named(body)
    after_chunk = profile_named(name, here).after_chunk
    assert after_chunk is not None
    with make() as server, talking(name, here, server) as client:
        client.reset("fold the towel")
        assert (server.resets, server.prompt) == (1, "fold the towel")
        seen = observation(here, prompt="fold the towel")
        first = client.infer(seen)
        assert first.actions.shape == (first_rows, columns) and first.server_infer_ms == 600.0
        assert (first.actions < 9.0).all(), "the condition is not executed"
        request = server.requests[0]
        assert set(request) == {"obs", "prompt"} and request["prompt"] == "fold the towel"
        assert {image.shape for key, image in request["obs"].items() if key.startswith(PREFIX)} == {(*size, 3)}
        for asked, count in enumerate(key_frames):
            assert len(after_chunk.key_rows(first_rows if asked == 0 else rows)) == count
            assert client.infer(executed(seen, count)).actions.shape == (rows, columns)
            told = server.executed[asked]
            assert set(told) == {"obs", "state", "compute_kv_cache", "imagine"}
            assert (told["compute_kv_cache"], told["imagine"]) == (True, False)
            assert told["state"].shape == (columns, *divided(rows, server)) and told["state"].dtype == np.float32
            for shade, frame in enumerate(told["obs"]):
                assert set(frame) == {key for key in request["obs"] if key.startswith(PREFIX)}
                assert {(image.shape, image.max()) for image in frame.values()} == {((*size, 3), shade)}
        np.testing.assert_array_equal(server.executed[0]["state"][0, 0], 9.0)  # as it came, the condition too
        client.reset("again")
        assert client.infer(executed(seen, 3)).actions.shape == (first_rows, columns)
        assert len(server.executed) == 2, "what was seen before an episode is not told in it"


def divided(rows: int, server: LingbotServer) -> tuple[int, int]:
    return rows // server._per_frame, server._per_frame


def test_views_go_to_their_cameras() -> None:
    with aloha_server() as server, talking("lingbot_va_aloha", ALOHA, server) as client:
        seen = observation(ALOHA, prompt="x")
        client.infer(seen)
        for view, camera in ALOHA_CAMERAS.items():
            assert server.requests[0]["obs"][PREFIX + camera].max() == seen.frames[view].image.max()


def test_the_episode_begins_again_after_a_chunk_that_was_not_executed() -> None:
    with aloha_server() as server, talking("lingbot_va_aloha", ALOHA, server) as client:
        seen = observation(ALOHA, prompt="x")
        client.reset("x")
        for _ in range(2):
            answer = client.infer(seen)
            assert answer.begins_episode and answer.actions.shape == (16, 16)
            assert (answer.actions < 9.0).all(), "the condition is not executed"
        assert (server.resets, server.executed) == (2, [])
        assert not client.infer(executed(seen, 4)).begins_episode
        assert client.infer(seen).begins_episode
        assert (server.resets, len(server.executed)) == (3, 1)


def test_a_failure_begins_the_episode_again() -> None:
    with aloha_server() as server, talking("lingbot_va_aloha", ALOHA, server) as client:
        seen = observation(ALOHA, prompt="sort the cups")
        client.reset("sort the cups")
        client.infer(seen)
        with pytest.raises(PolicyAnswerInvalid, match="sizes of tensors must match"):
            client.infer(executed(seen, 3))  # one picture is missing
        assert client.infer(executed(seen, 4)).actions.shape == (16, 16)
        assert (server.resets, server.prompt, len(server.executed)) == (2, "sort the cups", 1)


def test_a_restarted_server_is_told_of_the_episode() -> None:
    with aloha_server() as server, talking("lingbot_va_aloha", ALOHA, server) as client:
        client.reset("sort the cups")
        client.infer(observation(ALOHA, prompt="sort the cups"))
        server.stop()
        with pytest.raises(PolicyUnreachable):
            client.infer(observation(ALOHA, prompt="sort the cups"))
        server.prompt = None
        server.start()
        assert client.infer(observation(ALOHA, prompt="sort the cups")).begins_episode
        assert (server.resets, server.prompt) == (2, "sort the cups")
        assert not client.infer(executed(observation(ALOHA, prompt="sort the cups"), 4)).begins_episode


@pytest.mark.parametrize(
    ("name", "body", "row"),
    [
        ("lingbot_va_aloha", "aloha", [0.0, 0.0, 0.02, 0.0, 0.0, 0.0, 1.0, 0.5] * 2),
        ("abot_m05_libero", "franka", [0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 1.0]),
    ],
)
def test_what_the_rows_mean(name: str, body: str, row: list[float]) -> None:
    """Tools 2 cm higher than where the episode began, grippers half open; 12 steps of 5 mm upwards, closing."""
    here = robot_named(body)
    seen = observation(here)
    rows = joint_rows(name, here, np.tile(row, (4, 1)))
    for arm in here.arms:
        lifted = heights(here, rows, arm) - heights(here, seen.joint_state.position[None], arm)
        np.testing.assert_allclose(lifted, [0.02] * 4 if body == "aloha" else np.arange(5) * 0.005, atol=1e-4)
    assert set(rows[:, here.is_gripper].ravel()) == ({0.5} if body == "aloha" else {0.0})


def heights(body: Embodiment, positions: FloatArray, arm: str) -> FloatArray:
    kinematics = Kinematics(body)
    return np.array([kinematics.tool_pose(position, arm)[2, 3] for position in positions])
