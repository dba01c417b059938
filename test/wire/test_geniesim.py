"""HoloBrain for Genie Sim 3: an error that looks like an order to go where all joints are zero."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from wire.family_conformance import FamilyConformance
from wire.geniesim_server import GeniesimServer
from wire.seen import observation, robot_named

from ros_wam.clock import StationClock
from ros_wam.errors import PolicyAnswerInvalid
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Profile, load_profile

ALOHA = robot_named("aloha")
PROFILE = load_profile(Path(__file__).with_name("geniesim.yaml"))


class TestGeniesim(FamilyConformance):
    profile, robot, error = "baseline", "aloha", "RuntimeError: boom"

    def make_server(self) -> GeniesimServer:
        return GeniesimServer()

    def adapted(self, profile: Profile) -> Profile:
        return PROFILE


@pytest.fixture
def server() -> Iterator[GeniesimServer]:
    with GeniesimServer() as server:
        yield server


@pytest.fixture
def client(server: GeniesimServer) -> Iterator[PolicyClient]:
    here = dataclasses.replace(PROFILE.for_robot(ALOHA), url=server.url)
    with closing(make_client(here, ALOHA, StationClock())) as client:
        yield client


def test_zeros_beside_an_error_are_no_actions(server: GeniesimServer, client: PolicyClient) -> None:
    server.fail_next = True
    with pytest.raises(PolicyAnswerInvalid, match=r"the policy server failed: RuntimeError: boom$"):
        client.infer(observation(ALOHA))
    assert client.infer(observation(ALOHA)).actions.shape == (32, 21)


def test_the_request(server: GeniesimServer, client: PolicyClient) -> None:
    client.infer(observation(ALOHA, prompt="hold the pot"))
    request = server.requests[0]
    assert set(request) == {"images", "state", "task_name", "prompt"} and request["prompt"] == "hold the pot"
    assert [image.shape for image in request["images"].values()] == [(240, 320, 3)] * 3
    home = ALOHA.home_position
    expected = [*home[:6], 0.0, *home[7:13], 0.0, 30.0, 30.0, *[0.0] * 5]
    np.testing.assert_allclose(request["state"], np.array(expected, np.float32))
    assert request["state"].dtype == np.float32
