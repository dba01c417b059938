"""Our own server as a family: what the contract of the families asks for, it gives."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from fake_policy import FakePolicy
from wire.family_conformance import FamilyConformance

from ros_wam.clock import StationClock
from ros_wam.policy.server import PolicyServer


class Still(FakePolicy):
    """Holds still, fails and answers too wide as asked."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = self.hold
        self.fail_next = self.widen = False
        self.resets = 0
        self.url = ""

    def hold(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.fail_next:
            self.fail_next = False
            raise ValueError("weights are missing")
        joints = [*request["observation/joint_position"], *request["observation/gripper_position"]]
        return {"actions": np.tile([*joints, *([0.0] if self.widen else [])], (30, 1))}


class TestBaseline(FamilyConformance):
    profile, robot, error = "baseline", "ur5", "weights are missing"

    @contextmanager
    def make_server(self) -> Iterator[Still]:
        policy = Still()
        with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
            policy.url = server.url
            yield policy
