"""What a client keeps with the servers of every family that speaks HTTP, be they late, dead or slow at first."""

import dataclasses
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from wire.act_server import cosmos, openvla, openvla_oft
from wire.dexbotic_server import DexboticServer
from wire.gr00t_http_server import Gr00tHttpServer
from wire.holobrain_server import HolobrainServer
from wire.http_server import HttpModel
from wire.realtime_vla_server import RealtimeVlaServer
from wire.seen import observation, profile_named, robot_named
from wire.sglang_server import SglangServer
from wire.talking import talking
from wire.test_holobrain import with_depth
from wire.xvla_server import XvlaServer

from ros_wam.clock import StationClock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import PolicyAnswerInvalid, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.client import make_client
from ros_wam.types import Observation

UR5, FRANKA, ALOHA = (robot_named(name) for name in ("ur5", "franka", "aloha"))
FAMILIES: dict[str, tuple[Embodiment, Callable[[], HttpModel]]] = {
    "openvla": (FRANKA, openvla),
    "openvla_oft_aloha": (ALOHA, openvla_oft),
    "cosmos_aloha": (ALOHA, cosmos),
    "xvla_droid": (FRANKA, XvlaServer),
    "holobrain_aloha": (ALOHA, HolobrainServer),
    "realtime_vla_v2_aloha": (ALOHA, RealtimeVlaServer),
    "dexbotic_dm0": (UR5, DexboticServer),
    "sglang_actions": (UR5, SglangServer),
    "gr00t_n15_http": (UR5, Gr00tHttpServer),
}
QUICK = ("openvla", "sglang_actions")
EVERY = [
    pytest.param(name, marks=() if name in QUICK else (pytest.mark.slow, pytest.mark.virtual)) for name in FAMILIES
]
SLOW_S = 0.1


def seen_by(name: str) -> Observation:
    robot = FAMILIES[name][0]
    return with_depth(robot) if name == "holobrain_aloha" else observation(robot)


@pytest.mark.parametrize("name", EVERY)
def test_late_answer_is_never_taken_for_a_new_one(name: str) -> None:
    robot, make_server = FAMILIES[name]
    released = threading.Event()

    def late_once(request: Any) -> np.ndarray:
        if len(server.requests) == 2:
            released.wait(10.0)
        return hold(request) + float(len(server.requests))

    with make_server() as server, talking(name, robot, server, call_s=SLOW_S) as client:
        hold, server.answer = server.answer, late_once
        client.infer(seen_by(name))
        with pytest.raises(PolicyTimeout, match=r"sent no answer in 0\.1 s"):
            client.infer(seen_by(name))
        released.set()
        row = client.infer(seen_by(name)).actions[-1]
        np.testing.assert_allclose(row, np.atleast_2d(hold(server.requests[2]))[-1] + 3.0)


@pytest.mark.parametrize("name", EVERY)
def test_dead_server_is_unreachable_and_found_again(name: str) -> None:
    robot, make_server = FAMILIES[name]
    with make_server() as server, talking(name, robot, server) as client:
        client.reset("tidy up")
        client.infer(seen_by(name))
        server.stop()
        for call in (client.connect, lambda: client.reset("tidy up"), lambda: client.infer(seen_by(name))):
            with pytest.raises(PolicyUnreachable, match="cannot be reached"):
                call()
        server.start()
        client.infer(seen_by(name))
        assert len(server.requests) == 2


def test_only_the_first_call_of_a_connection_may_be_slow() -> None:
    slow = threading.Event()

    def compiling(request: Any) -> np.ndarray:
        slow.wait(SLOW_S)  # nobody sets it: it takes that long
        return np.zeros(7)

    limits = {"first_call_s": 10.0, "call_s": 0.5 * SLOW_S}
    with openvla() as server, talking("openvla", FRANKA, server, **limits) as client:
        server.answer = compiling
        client.infer(observation(FRANKA))
        with pytest.raises(PolicyTimeout):
            client.infer(observation(FRANKA))


def test_connection_is_kept_within_an_episode() -> None:
    with openvla() as server, talking("openvla", FRANKA, server) as client:
        client.reset("tidy up")
        for _ in range(3):
            client.infer(observation(FRANKA))
        assert server.opened == 1


def test_key_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY_KEY", "s3cret")
    with openvla() as server:
        profile = profile_named("openvla", FRANKA)
        profile = dataclasses.replace(profile, url=server.url, headers={"Authorization": "Bearer ${POLICY_KEY}"})
        with closing(make_client(profile, FRANKA, StationClock())) as client:
            client.infer(observation(FRANKA))
        assert server.headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{}", b"[1, 2", b'{"actions": {"__numpy__": "", "dtype": "|O"}}', b"[]"]
)
def test_answer_that_is_none_is_invalid(body: bytes) -> None:
    with cosmos() as server, talking("cosmos_aloha", ALOHA, server) as client:
        answered = server.posted
        server.posted = lambda *_: dataclasses.replace(answered(*_), body=body)
        with pytest.raises(PolicyAnswerInvalid):
            client.infer(observation(ALOHA))
