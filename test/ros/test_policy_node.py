"""policy_node over real DDS, against a station played by the test and a policy server of our own."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_policy import BASELINE, UR5, FakePolicy, frame, state

from ros_wam import fields, share
from ros_wam.clock import StationClock
from ros_wam.config import dump
from ros_wam.followed import Followed
from ros_wam.policy.server import PolicyServer
from ros_wam.run_config import RunConfig
from ros_wam.topics import image_topic
from ros_wam.types import Mode


class Station:
    """A robot at rest at home and its cameras; `status` holds the values of every `policy_status`."""

    def __init__(self, peer: Any) -> None:
        self.peer = peer
        self.blind = False
        self.status: list[Any] = []
        self.chunks, self.raw = peer.hear("action_chunk"), peer.hear("action_chunk_raw")
        self._heard = peer.hear("policy_status")
        peer.node.create_timer(0.008, self._joint_states)
        peer.node.create_timer(1.0 / 30.0, self._pictures)

    def wait_for(self, **values: str) -> bool:
        """Wait until a status says all of `values`."""
        return bool(self.peer.wait(lambda: any(values.items() <= said.items() for said in self._new_status())))

    def command(self, verb: str) -> None:
        self.peer.publish("trial_command", fields.json_object({"verb": verb, "episode": "001", "prompt": "tidy up"}))

    def _new_status(self) -> list[Any]:
        new = [fields.read_diagnostics(self._heard.popleft())[1][0].values for _ in range(len(self._heard))]
        self.status += new
        return new

    def _joint_states(self) -> None:
        measured = state(self.peer.clock.now_ns(), UR5.home_position)
        self.peer.publish("joint_states", fields.joint_state(measured, UR5.joint_names))

    def _pictures(self) -> None:
        for view in () if self.blind else UR5.views:
            now_ns = self.peer.clock.now_ns()
            picture, times = fields.image(frame(view, now_ns)), fields.PictureTimes(now_ns, now_ns)
            self.peer.publish(image_topic(view), fields.with_times(picture, times))


@pytest.fixture
def policy() -> FakePolicy:
    policy = FakePolicy()
    policy.answer = lambda request: {"actions": np.tile(UR5.home_position, (30, 1))}
    return policy


@pytest.fixture
def server(policy: FakePolicy, run_config: RunConfig, tmp_path: Path) -> Iterator[PolicyServer]:
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        config = replace(run_config, policy=share.find("config/policies", "baseline"), policy_url=server.url)
        (tmp_path / "config.yaml").write_text(dump(config))
        yield server


@pytest.fixture
def station(peer: Any, start_node: Any, server: PolicyServer) -> Station:
    station = Station(peer)
    start_node("policy_node")
    return station


def test_infers_from_start_to_stop(peer: Any, station: Station, policy: FakePolicy) -> None:
    assert station.wait_for(state="ready")
    assert not policy.requests
    station.command("start")
    assert peer.wait(lambda: len(station.chunks) >= 2 and len(station.raw) >= 2)
    first, second = (fields.read_action_chunk(message, UR5.joint_names) for message in list(station.chunks)[:2])
    assert first.observation_stamp_ns == first.t0_ns == policy.requests[0]["observation/stamp_ns"]
    assert (first.inference_id, second.inference_id) == (1, 2)
    assert second.t0_ns == policy.requests[1]["observation/stamp_ns"]
    assert (second.t0_ns - first.t0_ns) * 1e-9 > 0.45  # not before half of the chunk
    np.testing.assert_allclose(first.positions, np.tile(UR5.home_position, (30, 1)))
    assert policy.requests[0]["prompt"] == "tidy up"
    assert station.wait_for(state="running", inference="2", chunk="2", refused="")
    said = station.status[-1]
    assert float(said["latency_ms"]) > 0.0
    assert {"observe_ms", "encode_ms", "round_trip_ms", "decode_ms", "admit_ms", "server_ms"} <= set(said)
    station.command("stop")
    assert station.wait_for(state="ready")
    asked = len(policy.requests)
    assert not peer.wait(lambda: len(policy.requests) > asked, timeout_s=0.8)


def test_hops_are_told_once_the_chunk_is_followed(peer: Any, station: Station) -> None:
    assert station.wait_for(state="ready")
    station.command("start")
    assert station.wait_for(state="running", inference="1")
    said, now_ns = station.status[-1], peer.clock.now_ns()
    assert {f"{view}_{hop}" for view in UR5.views for hop in ("stamp_ns", "encode_ms", "transport_ms")} <= set(said)
    for text in ("nonsense", json.dumps(Followed(1, 1, now_ns, now_ns, now_ns + 2_000_000).as_json())):
        values = {"mode": "POLICY", "followed": text}
        status = fields.Diagnostic("robot_node", fields.Level.OK, "", values)
        peer.publish("safety_status", fields.diagnostics(now_ns, status))
    assert station.wait_for(inference="1", chunk="1", setpoint_ms="2.0", tick_wait_ms="0.0")
    assert float(station.status[-1]["whole_ms"]) > float(station.status[-1]["hand_over_ms"]) > 2.0


def test_a_robot_that_is_slowed_is_told_nothing_by_the_clock(peer: Any, station: Station, policy: FakePolicy) -> None:
    assert station.wait_for(state="ready")
    station.command("start")
    assert peer.wait(lambda: len(policy.requests) >= 2)
    left = BASELINE.request.rtc.actions_at if BASELINE.request.rtc else ""
    assert left in policy.requests[1]
    for speed in ("0.25", "fast"):
        status = fields.Diagnostic("robot_node", fields.Level.OK, "", {"mode": "POLICY", "speed": speed})
        peer.publish("safety_status", fields.diagnostics(peer.clock.now_ns(), status))
    asked = len(policy.requests)
    assert peer.wait(lambda: len(policy.requests) >= asked + 2)
    assert left not in policy.requests[asked + 1]


def test_nothing_is_inferred_while_the_robot_is_not_the_policys(
    peer: Any, station: Station, policy: FakePolicy
) -> None:
    assert station.wait_for(state="ready")
    peer.publish("robot_mode", fields.robot_mode(Mode.POLICY))
    station.command("start")
    assert peer.wait(lambda: len(policy.requests) >= 2)
    for mode in (Mode.TELEOP, Mode.HOLD):
        peer.publish("robot_mode", fields.robot_mode(mode))
        peer.wait(lambda: False, timeout_s=0.3)
        asked = len(policy.requests)
        peer.wait(lambda: False, timeout_s=1.2)
        assert len(policy.requests) == asked, mode
    back_ns = peer.clock.now_ns()
    peer.publish("robot_mode", fields.robot_mode(Mode.POLICY))
    assert peer.wait(lambda: len(policy.requests) > asked)
    assert policy.requests[asked]["observation/stamp_ns"] > back_ns - 200_000_000
    assert station.wait_for(state="running", refused="")


def test_command_that_says_too_little_is_ignored(peer: Any, station: Station, policy: FakePolicy) -> None:
    assert station.wait_for(state="ready")
    station.command("start")
    assert station.wait_for(state="running", inference="1")
    station.command("stop")
    assert station.wait_for(state="ready")
    asked = len(policy.requests)
    peer.publish("trial_command", {"data": "no JSON"})
    peer.publish("trial_command", fields.json_object({"verb": "start", "episode": "002"}))
    assert not peer.wait(lambda: len(policy.requests) > asked, timeout_s=0.8)
    station.command("start")
    assert peer.wait(lambda: len(policy.requests) > asked)


def test_refused_chunk_is_recorded_but_not_passed_on(peer: Any, station: Station, policy: FakePolicy) -> None:
    policy.answer = lambda request: {"actions": np.zeros((30, 7))}
    assert station.wait_for(state="ready")
    station.command("start")
    assert peer.wait(lambda: len(station.raw) >= 1)
    assert station.wait_for(state="running", refused="start_distance", chunk="")
    assert not station.chunks


def test_blind_camera_fails_the_episode_with_its_cause(station: Station) -> None:
    assert station.wait_for(state="ready")
    station.command("start")
    assert station.wait_for(state="running", inference="1")
    station.blind = True
    assert station.wait_for(state="failed", cause="camera_stale")
    station.blind = False
    station.command("stop")
    assert station.wait_for(state="ready")


def test_dead_server_fails_the_episode_with_its_cause(station: Station, server: PolicyServer) -> None:
    assert station.wait_for(state="ready")
    station.command("start")
    assert station.wait_for(state="running", inference="1")
    server.stop()
    assert station.wait_for(state="failed", cause="policy_unreachable")
    station.command("stop")
    assert station.wait_for(state="disconnected", cause="policy_unreachable")
