"""teleop_node over real DDS, between a robot that the test plays and keys that it types."""

import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_wam import fields
from ros_wam.config import dump
from ros_wam.run_config import RunConfig
from ros_wam.teleop.key_socket import KeySender

REPEAT_S = 0.033
DELAY_S = 0.3
HOLDS_AGAIN_S = 0.8  # 0.11 s where nothing else runs; test_keys.py has the bound


class Operator:
    """A robot that stands still, and keys at the rate of a keyboard."""

    def __init__(self, peer: Any, config: RunConfig) -> None:
        self.peer, self.config = peer, config
        self.sender = KeySender(config.keys_socket)
        self.position = config.embodiment().home_position
        self.names = config.embodiment().joint_names
        self.commands, self.enables, self.statuses, self.operator = (
            peer.hear(topic) for topic in ("teleop_command", "enable", "teleop_status", "operator_command")
        )
        peer.advertise("enable_request")
        peer.node.create_timer(0.01, self._say_state)

    def mode(self, mode: str) -> None:
        """Say which mode the robot is in, until the node has understood."""
        self.peer.publish("robot_mode", {"data": mode})
        elsewhere = mode != "TELEOP"
        assert self.peer.wait(lambda: (self.phase() == "elsewhere") == elsewhere and self.phase() != "")

    def phase(self) -> str:
        """Return what the newest status says."""
        return "" if not self.statuses else self.values()["phase"]

    def values(self) -> dict[str, str]:
        """Return the values of the newest status."""
        return {item.key: item.value for item in self.statuses[-1].status[0].values}

    def hold(self, key: bytes, until: Callable[[], bool]) -> int:
        """Hold a key as a terminal repeats it; return when the last repeat was sent."""
        clock, last_ns = self.peer.clock, 0
        assert self.sender.send(key, clock.now_ns())
        due_ns = clock.now_ns() + round(DELAY_S * 1e9)
        deadline_ns = clock.now_ns() + 10_000_000_000
        while not until():
            assert clock.now_ns() < deadline_ns, self.values()
            self.peer.wait(lambda due_ns=due_ns: clock.now_ns() >= due_ns, 1.0)
            last_ns = clock.now_ns()
            self.sender.send(key, last_ns)
            due_ns = max(due_ns + round(REPEAT_S * 1e9), last_ns + 12_000_000)
        return last_ns

    def _say_state(self) -> None:
        zeros = np.zeros(len(self.position))
        header = fields.header(self.peer.clock.now_ns())
        state = {"header": header, "name": list(self.names), "position": self.position}
        self.peer.publish("joint_states", {**state, "velocity": zeros, "effort": zeros})


@pytest.fixture
def operator(peer: Any, run_config: RunConfig, start_node: Any, tmp_path: Path) -> Iterator[Operator]:
    config = replace(run_config, device="keyboard")
    (tmp_path / "config.yaml").write_text(dump(config))
    operator = Operator(peer, config)
    with contextlib.closing(operator.sender):
        start_node("teleop_node")
        assert peer.wait(lambda: bool(operator.statuses), 60.0)
        yield operator


def last(heard: deque[Any]) -> Any:
    return heard[-1].data if heard else None


def test_a_held_key_leads_and_its_release_holds(operator: Operator) -> None:
    operator.mode("TELEOP")
    assert operator.phase() == "released"
    assert operator.peer.wait(lambda: last(operator.enables) is False)
    last_ns = operator.hold(b"r", lambda: len(operator.commands) > 20)
    assert last(operator.enables) is True
    assert operator.peer.wait(lambda: last(operator.enables) is False, 2.0)
    assert (operator.peer.clock.now_ns() - last_ns) * 1e-9 < HOLDS_AGAIN_S
    sent = np.array(operator.commands[-1].points[0].positions)
    assert 1e-4 < np.abs(sent - operator.position).max() < 0.2
    beats = len(operator.commands)
    operator.peer.wait(lambda: False, 0.3)
    assert len(operator.commands) == beats


def test_a_tap_leads_nowhere(operator: Operator) -> None:
    operator.mode("TELEOP")
    for _ in range(3):
        assert operator.sender.send(b"r", operator.peer.clock.now_ns())
        operator.peer.wait(lambda: False, 0.2)
    assert not operator.commands
    assert not any(beat.data for beat in operator.enables)


def test_elsewhere_it_passes_on_what_the_trial_asks_for(operator: Operator) -> None:
    operator.mode("POLICY")
    operator.enables.clear()
    for held in (True, False, True):
        operator.peer.publish("enable_request", fields.enable(held))
        assert operator.peer.wait(lambda held=held: last(operator.enables) is held)
    operator.hold(b"r", lambda: len(operator.statuses) > 10)
    assert not operator.commands
    operator.mode("TELEOP")
    assert operator.peer.wait(lambda: last(operator.enables) is False)
    operator.peer.publish("enable_request", fields.enable(True))
    operator.peer.wait(lambda: False, 0.3)
    assert last(operator.enables) is False


def test_keys_are_the_operators_verbs(operator: Operator) -> None:
    operator.sender.send(b"\ry.", operator.peer.clock.now_ns())
    assert operator.peer.wait(lambda: len(operator.operator) == 2)
    assert [json.loads(said.data)["verb"] for said in operator.operator] == ["start", "success"]
    assert operator.peer.wait(lambda: float(operator.values()["speed"]) == 0.75)
    operator.sender.send(b",", operator.peer.clock.now_ns())
    assert operator.peer.wait(lambda: float(operator.values()["speed"]) == 0.5)
    assert len(operator.operator) == 2  # the speed is nobody else's
    assert operator.values()["device"] == "keyboard"
    assert operator.values()["selected"] == "tool"
