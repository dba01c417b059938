"""RoboArena's servers and DreamZero: what they state, what they are sent, their resets and what they remember."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.roboarena_server import CAMERAS, DreamZeroServer, RoboArenaServer
from wire.seen import PROMPT, observation, picture, profile_named, robot_named

from ros_wam.clock import StationClock
from ros_wam.errors import PolicyAnswerInvalid, PolicyMismatch
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Timeouts
from ros_wam.sim.emulators.fci_model import flange_pose
from ros_wam.types import Observation

FRANKA = robot_named("franka")
SHADES = dict(zip(CAMERAS, (80, 120, 40), strict=True))


@contextmanager
def talking(name: str, server: RoboArenaServer) -> Iterator[PolicyClient]:
    """A client of `server`, which is there, by the profile `name`."""
    profile = dataclasses.replace(profile_named(name, FRANKA), url=server.url, timeouts=Timeouts(5.0, 5.0, 5.0))
    with closing(make_client(profile, FRANKA, StationClock())) as client:
        yield client


def looking_back(rows: tuple[int, ...]) -> Observation:
    """What the robot sees, with the pictures of earlier rows that the episode has."""
    now = observation(FRANKA)
    return dataclasses.replace(now, history={(view, row): picture(view) for view in FRANKA.views for row in rows})


@pytest.mark.parametrize(("size", "shape"), [((224, 224), (224, 224)), ((90, 160), (90, 160)), (None, (240, 320))])
def test_roboarena_is_sent_what_it_states_that_it_wants(size: tuple[int, int] | None, shape: tuple[int, int]) -> None:
    with RoboArenaServer(size) as server, talking("roboarena", server) as client:
        client.reset(PROMPT)
        reply = client.infer(observation(FRANKA))
    assert reply.actions.shape == (10, 8)
    request = server.requests[0]
    for camera, shade in SHADES.items():
        sent = request.pop(camera)
        assert (sent.dtype, sent.shape) == (np.uint8, (*shape, 3))
        np.testing.assert_array_equal(sent[shape[0] // 2, shape[1] // 2], [shade, 10, 20])
    np.testing.assert_array_equal(request.pop("observation/joint_position"), FRANKA.home_position[:7])
    np.testing.assert_array_equal(request.pop("observation/gripper_position"), [0.75])
    flange = request.pop("observation/cartesian_position")
    assert flange.shape == (6,)
    expected = flange_pose(FRANKA.home_position[:7])  # of Franka's own kinematics
    np.testing.assert_allclose(flange[:3], expected[:3, 3], atol=1e-3)
    roll, pitch, yaw = flange[3:]
    np.testing.assert_allclose([abs(roll), pitch, yaw], [np.pi, 0.0, -np.pi / 4], atol=2e-3)
    np.testing.assert_allclose(expected[:2, 0], [np.cos(yaw), np.sin(yaw)], atol=2e-3)
    episode = request.pop("session_id")
    assert request == {"prompt": PROMPT}
    assert server.reset_requests == [{"session_id": episode}]


def test_every_episode_has_a_name_of_its_own_and_a_reset() -> None:
    with RoboArenaServer() as server:
        for _ in range(2):
            with talking("roboarena", server) as client:
                for _ in range(2):
                    client.reset(PROMPT)
                    client.infer(observation(FRANKA))
                    client.infer(observation(FRANKA))
        names = [request["session_id"] for request in server.requests]
    assert names[0::2] == names[1::2]
    assert len(set(names)) == server.resets == 4


@pytest.mark.parametrize(
    ("name", "key", "value", "told"),
    [
        ("roboarena", "action_space", "joint_velocity", "server 'joint_velocity', profile 'joint_position'"),
        ("roboarena", "n_external_cameras", 3, "server 3, profile 0 or 1 or 2"),
        ("roboarena", "needs_stereo_camera", True, "server True, profile False"),
        (
            "dreamzero_14b",
            "action_space",
            "cartesian_position",
            "server 'cartesian_position', profile 'joint_position'",
        ),
        ("dreamzero_14b", "n_external_cameras", 1, "server 1, profile 2"),
        ("dreamzero_14b", "needs_stereo_camera", None, "server None, profile False"),
        ("dreamzero_5b", "n_external_cameras", 0, "server 0, profile 2"),
    ],
)
def test_a_server_that_wants_something_else_is_refused(name: str, key: str, value: Any, told: str) -> None:
    with DreamZeroServer() as server, talking(name, server) as client:
        server.metadata = {**server.metadata, key: value}
        with pytest.raises(PolicyMismatch, match=f"{key}: {told}"):
            client.connect()


def test_pictures_of_another_size_than_dreamzero_states_are_refused() -> None:
    refused = pytest.raises(PolicyMismatch, match=r"image_size: server \[176, 320\], profile \[180, 320\]")
    with DreamZeroServer((176, 320)) as server, talking("dreamzero_14b", server) as client, refused:
        client.connect()


@pytest.mark.parametrize(("name", "size"), [("dreamzero_14b", (180, 320)), ("dreamzero_5b", (176, 320))])
def test_dreamzero_is_sent_one_picture_first_and_then_four(name: str, size: tuple[int, int]) -> None:
    with DreamZeroServer(size) as server, talking(name, server) as client:
        for _ in range(2):
            client.reset(PROMPT)
            for rows in ((), (-8,), (-23, -16, -8)):
                reply = client.infer(looking_back(rows))
        np.testing.assert_allclose(reply.actions, np.tile([*FRANKA.home_position[:7], 0.75], (24, 1)), rtol=1e-6)
    assert server.resets == 2
    assert server.seen == [(1, 1, 1), (3, 3, 3), (4, 4, 4)] * 2
    for request, pictures in zip(server.requests, (1, 2, 4) * 2, strict=True):
        assert set(request) == {
            *CAMERAS,
            "observation/joint_position",
            "observation/gripper_position",
            "prompt",
            "session_id",
        }
        for camera, shade in SHADES.items():
            assert (request[camera].dtype, request[camera].shape) == (np.uint8, (pictures, *size, 3))
            np.testing.assert_array_equal(request[camera][-1, size[0] // 2, size[1] // 2], [shade, 10, 20])
        assert request["observation/joint_position"].dtype == np.float64


def test_dreamzero_that_failed_is_told_to_forget_before_it_is_asked_again() -> None:
    with DreamZeroServer() as server, talking("dreamzero_14b", server) as client:
        client.reset(PROMPT)
        client.infer(looking_back(()))
        server.fail_next = True
        with pytest.raises(PolicyAnswerInvalid, match="observation/state"):
            client.infer(looking_back(()))
        client.infer(looking_back(()))
        assert (server.resets, server.seen[-1]) == (2, (1, 1, 1))


def test_a_reset_that_fails_is_an_error() -> None:
    class Forgetful(RoboArenaServer):
        def reset(self, request: dict[str, Any]) -> None:
            raise RuntimeError("the video could not be written")

    failed = pytest.raises(PolicyAnswerInvalid, match="the video could not be written")
    with Forgetful() as server, talking("roboarena", server) as client, failed:
        client.reset(PROMPT)


class TestRoboArena(FamilyConformance):
    profile, robot, error, resets = "roboarena", "franka", "observation/state", True

    def make_server(self) -> RoboArenaServer:
        return RoboArenaServer()


class TestDreamZero(FamilyConformance):
    profile, robot, error, resets = "dreamzero_14b", "franka", "observation/state", True

    def make_server(self) -> DreamZeroServer:
        return DreamZeroServer()
