"""A client of a reference server, by a profile that ships: what it sends, and what it makes of an answer."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
from wire.http_server import HttpModel
from wire.seen import PROMPT, observation, profile_named

from ros_wam.clock import StationClock
from ros_wam.embodiment import Embodiment
from ros_wam.policy.actions.adapter import ActionAdapter
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.profile import Timeouts


@contextmanager
def talking(
    name: str, robot: Embodiment, server: HttpModel, path: str | None = None, **timeouts: float
) -> Iterator[PolicyClient]:
    """A client of `server`, which is there, by the profile `name`; `path` instead of the server's own."""
    limits = Timeouts(**{"connect_s": 5.0, "first_call_s": 5.0, "call_s": 5.0, **timeouts})
    url = server.url if path is None else server.url.rpartition("/")[0] + path
    profile = dataclasses.replace(profile_named(name, robot), url=url, timeouts=limits)
    with closing(make_client(profile, robot, StationClock())) as client:
        yield client


def sent(name: str, robot: Embodiment, server: HttpModel) -> Any:
    """What the server was sent for one observation."""
    with server, talking(name, robot, server) as client:
        client.reset(PROMPT)
        client.infer(observation(robot))
    return server.requests[0]


def joint_rows(name: str, robot: Embodiment, actions: Any) -> np.ndarray:
    """What actions of the profile come to, in the robot's joints."""
    adapter = ActionAdapter(profile_named(name, robot), robot)
    return adapter.joint_rows(np.array(actions, float), observation(robot))
