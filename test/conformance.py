"""The contracts as test classes: an implementation inherits one, provides its fixtures, and gets every test of it."""

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from fake_policy import METADATA, UR5, FakePolicy, observation, stamp_answer

from ros_wam.cameras.camera import Camera
from ros_wam.clock import Clock
from ros_wam.drivers.driver import Driver
from ros_wam.embodiment import Embodiment
from ros_wam.errors import (
    CameraError,
    CommandInvalid,
    DriverError,
    PolicyAnswerInvalid,
    PolicyMismatch,
    PolicyTimeout,
    PolicyUnreachable,
    StateStale,
)
from ros_wam.policy.client import PolicyClient
from ros_wam.types import Command, JointState


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
        served.client.reset()
        served.client.infer(observation())
        served.client.infer(observation())
        assert served.policy.sessions == 1
        served.client.reset()
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
        for call in (served.client.connect, served.client.reset, lambda: served.client.infer(observation())):
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
        served.client.reset()
        assert served.client.infer(observation(4)).actions[0, 0] == 4.0


@dataclass
class DriverRig:
    """A driver that is not connected, and the robot behind it: `step` lets a period pass, `received` is what arrived.

    `received()` is `(k, joints)`, grippers left out.
    """

    driver: Driver
    embodiment: Embodiment
    clock: Clock
    step: Callable[[], None]
    received: Callable[[], np.ndarray]

    def hold(self, position: np.ndarray) -> Command:
        """Send a position and let a period pass."""
        sent = self.driver.send(Command(self.clock.now_ns(), position))
        self.step()
        return sent

    def read(self, limit_s: float = 10.0) -> JointState:
        """Return a fresh state; on a busy machine there is none now and then."""
        deadline_ns = self.clock.now_ns() + round(limit_s * 1e9)
        while True:
            try:
                return self.driver.read()
            except StateStale:
                assert self.clock.now_ns() < deadline_ns, f"no fresh state for {limit_s} s"
                self.step()

    def run_until(self, holds: Callable[[JointState], bool], position: np.ndarray, limit_s: float = 10.0) -> JointState:
        """Send `position` until the measured state fits."""
        deadline_ns = self.clock.now_ns() + round(limit_s * 1e9)
        while True:
            self.hold(position)
            state = self.read()
            if holds(state):
                return state
            assert self.clock.now_ns() < deadline_ns, f"the robot is at {state.position.tolist()} after {limit_s} s"


class DriverConformance:
    """What every driver keeps. Provide the fixture `rig`."""

    def test_states_are_fresh_and_in_order(self, rig: DriverRig) -> None:
        rig.driver.connect()
        states = []
        for _ in range(20):
            rig.step()
            state = rig.read()
            assert 0 <= rig.clock.now_ns() - state.stamp_ns < 500_000_000
            assert state.position.shape == (len(rig.embodiment.joint_names),)
            states.append(state)
        stamps = [state.stamp_ns for state in states]
        assert stamps == sorted(stamps) and len(set(stamps)) > 5

    def test_connecting_does_not_move(self, rig: DriverRig) -> None:
        rig.driver.connect()
        before = rig.read().position
        for _ in range(20):
            rig.step()
        np.testing.assert_allclose(rig.read().position, before, atol=2e-3)

    def test_what_is_sent_arrives_and_is_followed(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        way = np.where(rig.embodiment.is_gripper, 0.0, 0.1) * np.where(start > 0.0, -1.0, 1.0)
        path = [start + share * way for share in np.linspace(0.0, 1.0, 60)]
        before = len(rig.received())
        for position in path:
            np.testing.assert_array_equal(rig.hold(position).position, position)
        arm = ~rig.embodiment.is_gripper
        rig.run_until(lambda state: np.abs(state.position - path[-1])[arm].max() < 3e-3, path[-1])
        np.testing.assert_array_equal(rig.received()[before : before + len(path)], np.array(path)[:, arm])

    def test_gripper_is_0_closed_1_open_and_clamped(self, rig: DriverRig) -> None:
        rig.driver.connect()
        gripper = rig.embodiment.is_gripper
        for asked in (0.0, 1.7, 0.5, -0.3):
            position = np.where(gripper, asked, rig.read().position)
            clamped = np.clip(asked, 0.0, 1.0)
            np.testing.assert_array_equal(rig.hold(position).position[gripper], clamped)
            rig.run_until(lambda state: np.abs(state.position[gripper] - clamped).max() < 0.05, position)  # noqa: B023

    def test_a_wrong_command_reaches_nothing(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        rig.hold(start)
        first = np.arange(len(start)) == 0
        wrong = {
            "nan": np.where(first, np.nan, start),
            "infinite": np.where(first, np.inf, start),
            "short": start[:-1],
            "long": np.append(start, 0.0),
            "above": np.where(first, rig.embodiment.upper + 0.1, start),
            "below": np.where(first, rig.embodiment.lower - 0.1, start),
            "leap": np.where(first, start + 0.5, start),
        }
        for name, position in wrong.items():
            before = len(rig.received())
            with pytest.raises(CommandInvalid):
                rig.driver.send(Command(rig.clock.now_ns(), position))
            for _ in range(5):
                rig.step()
            assert len(rig.received()) == before, name
            rig.hold(start)

    def test_stopping_twice_rests_and_motion_may_go_on(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        step = np.where(rig.embodiment.is_gripper, 0.0, 0.5 * rig.embodiment.velocity * rig.embodiment.period_s)
        for k in range(20):
            rig.hold(start - k * step * np.where(start > 0.0, 1.0, -1.0))
        rig.driver.stop()
        rig.driver.stop()
        for _ in range(50):
            rig.step()
        rest = rig.read().position
        for _ in range(50):
            rig.step()
        state = rig.read()
        np.testing.assert_allclose(state.position, rest, atol=2e-3)
        for _ in range(10):
            rig.hold(state.position)

    def test_a_closed_driver_neither_reads_nor_sends_and_connects_again(self, rig: DriverRig) -> None:
        rig.driver.connect()
        position = rig.read().position
        rig.driver.close()
        rig.driver.close()
        with pytest.raises(DriverError):
            rig.driver.read()
        with pytest.raises(DriverError):
            rig.driver.send(Command(rig.clock.now_ns(), position))
        rig.driver.stop()
        rig.driver.connect()
        rig.step()
        rig.hold(rig.read().position)
