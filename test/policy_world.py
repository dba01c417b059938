"""A robot that looks and moves in virtual time, and a policy client that takes its time there."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from fake_policy import BASELINE, UR5, frame, state

from ros_wam.clock import FakeClock
from ros_wam.policy.admission import Admission
from ros_wam.policy.loop import PolicyLoop
from ros_wam.policy.observation import ObservationBuilder
from ros_wam.policy.profile import Freshness, Profile
from ros_wam.types import FloatArray, Observation, Reply

MS = 1_000_000
S = 1_000_000_000
T0 = 1000 * S
HOME = UR5.home_position


MIDDLE_OF_WORKSPACE = np.eye(4)
MIDDLE_OF_WORKSPACE[:3, 3] = [-0.5, 0.0, 0.3]


class SlowClient:
    """A policy client that takes its time on the clock, while the robot's world goes on."""

    def __init__(self, world: "World", latency_ns: int) -> None:
        self._world = world
        self.latency_ns = latency_ns
        self.asked: list[Observation] = []
        self.resets = 0
        self.actions: FloatArray = np.tile(HOME, (30, 1))

    def connect(self) -> Mapping[str, Any]:
        return {}

    def infer(self, observation: Observation) -> Reply:
        self.asked.append(observation)
        self._world.run_until(self._world.clock.now_ns() + self.latency_ns)
        return Reply(self.actions, timing_ms={"round_trip": self.latency_ns * 1e-6})

    def reset(self, prompt: str) -> None:
        self.resets += 1

    def close(self) -> None:
        pass


class World:
    """A robot and two cameras under a virtual clock; `speed` is what joint1 does while it runs."""

    def __init__(self, latency_ns: int = 100 * MS, profile: Profile = BASELINE) -> None:
        self.clock = FakeClock(T0)
        self.speed_rad_s = 0.0
        self.position = HOME.copy()
        self.blind = False
        self.observations = ObservationBuilder(UR5, UR5.views, 1 / 30, Freshness())
        self.client = SlowClient(self, latency_ns)
        admission = Admission(UR5, lambda position, arm: MIDDLE_OF_WORKSPACE, lambda path: iter(()))
        self.loop = PolicyLoop(profile, UR5, self.client, self.observations, admission, self.clock)
        self.run_until(T0 + 8 * MS)
        self.loop.start("tidy up")

    def run_until(self, now_ns: int) -> None:
        while self.clock.now_ns() + 8 * MS <= now_ns:
            self.clock.advance_ns(8 * MS)
            self.position[0] += self.speed_rad_s * 0.008
            self.observations.add_joint_state(state(self.clock.now_ns(), self.position))
            for view in () if self.blind else UR5.views:
                self.observations.add_frame(frame(view, self.clock.now_ns()))

    def tick(self) -> Any:
        return self.loop.tick(self.clock.now_ns())
