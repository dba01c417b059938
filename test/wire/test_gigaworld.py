"""GigaWorld-Policy: request and answer field by field, and the client against the reference server."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.gigaworld_server import CAMERAS, GigaWorldServer
from wire.seen import PROMPT, observation, profile_named, robot_named

from ros_wam.clock import StationClock
from ros_wam.errors import PolicyAnswerInvalid, PolicyUnreachable
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Timeouts

ALOHA = robot_named("aloha")


@contextmanager
def talking(server: GigaWorldServer) -> Iterator[PolicyClient]:
    """A client of `server`, which is there."""
    limits = Timeouts(connect_s=5.0, first_call_s=5.0, call_s=5.0)
    profile = dataclasses.replace(profile_named("gigaworld_aloha", ALOHA), url=server.url, timeouts=limits)
    with closing(make_client(profile, ALOHA, StationClock())) as client:
        yield client


def test_request_and_answer() -> None:
    with GigaWorldServer() as server, talking(server) as client:
        client.reset(PROMPT)
        reply = client.infer(observation(ALOHA))
    request = server.requests[0]
    for camera, shade in zip(CAMERAS, (160, 200, 240), strict=True):
        image = request.pop(f"observation.images.{camera}")
        assert (image.shape, image.dtype) == ((3, 240, 320), np.float32)
        np.testing.assert_allclose(image[:, 120, 160], np.array([shade, 10, 20]) / 255, rtol=1e-6)
    state = request.pop("observation.state")
    home = np.where(ALOHA.is_gripper, 0.25, ALOHA.home_position)
    assert (state.shape, state.dtype) == ((1, 14), np.float32)
    np.testing.assert_allclose(state[0], home, rtol=1e-6)
    assert request == {"prompt": PROMPT, "_skip_ref_image_save": True}
    rows = ActionAdapter(profile_named("gigaworld_aloha", ALOHA), ALOHA).joint_rows(reply.actions, observation(ALOHA))
    np.testing.assert_allclose(rows, [home] * 48, rtol=1e-6)


def test_error_death_and_restart() -> None:
    with GigaWorldServer() as server, talking(server) as client:
        server.fail_next = True
        with pytest.raises(PolicyAnswerInvalid, match="answered ERROR"):
            client.infer(observation(ALOHA))
        client.infer(observation(ALOHA))
        server.stop()
        with pytest.raises(PolicyUnreachable):
            client.infer(observation(ALOHA))
        server.start()
        there = ALOHA.home_position + 0.01
        np.testing.assert_allclose(client.infer(observation(ALOHA, there)).actions[0], there, rtol=1e-6)


class TestGigaWorld(FamilyConformance):
    profile, robot, error = "gigaworld_aloha", "aloha", "answered ERROR"

    def make_server(self) -> GigaWorldServer:
        return GigaWorldServer()
