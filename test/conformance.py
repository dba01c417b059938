"""The contracts as test classes: an implementation inherits one, provides its fixtures, and gets every test of it."""

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from device_conformance import DeviceConformance as DeviceConformance
from device_conformance import DeviceRig as DeviceRig
from device_conformance import LeaderConformance as LeaderConformance
from driver_conformance import DriverConformance as DriverConformance
from driver_conformance import DriverRig as DriverRig
from fake_policy import METADATA, UR5, FakePolicy, observation, stamp_answer

from ros_wam.cameras.camera import Camera
from ros_wam.errors import (
    CameraError,
    PolicyAnswerInvalid,
    PolicyMismatch,
    PolicyTimeout,
    PolicyUnreachable,
)
from ros_wam.policy.client import PolicyClient


class CameraConformance:
    """What every camera keeps. Provide the fixture `camera`, unopened, and `freeze(camera)` that stops its pictures."""

    def freeze(self, camera: Camera) -> None:
        raise NotImplementedError

    def test_frames_are_pictures_with_stamps_that_advance(self, camera: Camera) -> None:
        camera.open()
        frames = [camera.read(2.0) for _ in range(5)]
        camera.close()
        assert all(frame.image.shape[2] == 3 and frame.image.dtype == np.uint8 for frame in frames)
        assert len({frame.view for frame in frames}) == 1
        assert all(a.stamp_ns < b.stamp_ns for a, b in itertools.pairwise(frames))

    def test_frozen_camera_is_never_served_as_fresh(self, camera: Camera) -> None:
        camera.open()
        newest = camera.read(2.0)
        self.freeze(camera)
        with pytest.raises(CameraError):
            for _ in range(20):  # what was on its way may still arrive
                frame = camera.read(0.05)
                assert frame.stamp_ns > newest.stamp_ns
                newest = frame
        camera.close()

    def test_closing_twice_and_opening_again(self, camera: Camera) -> None:
        camera.open()
        camera.close()
        camera.close()
        camera.open()
        camera.read(2.0)
        camera.close()

    def test_reading_a_closed_camera_is_an_error(self, camera: Camera) -> None:
        with pytest.raises(CameraError):
            camera.read(0.05)


@dataclass
class Served:
    """A policy behind a running server of the client's protocol, and a client to it that waits 0.3 s for an answer."""

    policy: FakePolicy
    client: PolicyClient
    disconnect: Callable[[], None]
    """Stop the server."""


class PolicyClientConformance:
    """What every policy client keeps. Provide the fixture `served`."""

    def test_infer_answers_the_observation(self, served: Served) -> None:
        metadata = served.client.connect()
        assert metadata["embodiment"] == "ur5"
        for stamp_ns in (5, 6):
            reply = served.client.infer(observation(stamp_ns))
            np.testing.assert_array_equal(reply.actions, np.full((30, 7), float(stamp_ns)))
        request = served.policy.requests[0]
        np.testing.assert_array_equal(request["observation/joint_position"], UR5.home_position[:6])
        assert request["observation/wrist_image"].shape == (240, 320, 3)
        assert request["prompt"] == "put it in the box"

    def test_connecting_again_changes_nothing(self, served: Served) -> None:
        assert served.client.connect() is served.client.connect()
        served.client.infer(observation())
        assert served.policy.sessions == 1

    def test_episodes_share_no_session(self, served: Served) -> None:
        served.client.reset("put it in the box")
        served.client.infer(observation())
        served.client.infer(observation())
        assert served.policy.sessions == 1
        served.client.reset("put it in the box")
        served.client.infer(observation())
        assert served.policy.sessions == 2

    def test_late_answer_is_never_taken_for_a_new_one(self, served: Served) -> None:
        released = threading.Event()

        def late_once(request: Mapping[str, Any]) -> Mapping[str, Any]:
            if request["observation/stamp_ns"] == 1:
                released.wait(10.0)
            return stamp_answer(request)

        served.policy.answer = late_once
        with pytest.raises(PolicyTimeout):
            served.client.infer(observation(1))
        released.set()
        assert served.client.infer(observation(2)).actions[0, 0] == 2.0

    def test_error_of_the_policy_reaches_the_caller_in_its_last_line(self, served: Served) -> None:
        def fail(request: Mapping[str, Any]) -> Mapping[str, Any]:
            raise ValueError("weights are missing")

        served.policy.answer = fail
        with pytest.raises(PolicyAnswerInvalid, match=r"weights are missing$"):
            served.client.infer(observation())
        served.policy.answer = stamp_answer
        assert served.client.infer(observation(3)).actions[0, 0] == 3.0

    def test_answer_without_actions_is_refused(self, served: Served) -> None:
        served.policy.answer = lambda request: {"something": 1}
        with pytest.raises(PolicyAnswerInvalid, match="something"):
            served.client.infer(observation())

    def test_dead_server_is_unreachable(self, served: Served) -> None:
        served.client.connect()
        served.disconnect()
        for call in (
            served.client.connect,
            lambda: served.client.reset("tidy"),
            lambda: served.client.infer(observation()),
        ):
            with pytest.raises(PolicyUnreachable):
                call()

    def test_mismatch_names_both_sides(self, served: Served) -> None:
        served.policy.metadata = {**METADATA, "rate_hz": 50, "action_horizon": 16}
        with pytest.raises(PolicyMismatch, match=r"action_horizon: server 16, profile 30; rate_hz: server 50,"):
            served.client.connect()

    def test_closing_twice_and_going_on(self, served: Served) -> None:
        served.client.close()
        served.client.infer(observation())
        served.client.close()
        served.client.close()
        served.client.reset("put it in the box")
        assert served.client.infer(observation(4)).actions[0, 0] == 4.0
