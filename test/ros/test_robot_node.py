"""The robot node with the real vendor library against the emulated controller, over DDS."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback import own_address

from ros_wam import fields, share
from ros_wam.config import dump
from ros_wam.followed import read_followed
from ros_wam.run_config import RunConfig
from ros_wam.sim.link import SimLink
from ros_wam.types import ActionChunk

pytestmark = [pytest.mark.vendor, pytest.mark.slow]

PERIOD_S = 0.04


class Robot:
    """The robot's topics and services as a test uses them."""

    def __init__(self, peer: Any, config: RunConfig) -> None:
        from rclpy.client import Client
        from std_srvs.srv import Trigger

        self.peer, self.names = peer, config.embodiment().joint_names
        self.home = config.embodiment().home_position
        self.sim = SimLink(config.sim_socket)
        self._heard: dict[str, deque[Any]] = {
            name: peer.hear(name) for name in ("joint_states", "setpoint_provenance", "safety_status", "robot_mode")
        }
        self._request = Trigger.Request
        self._clients: dict[str, Client] = {
            verb: peer.node.create_client(Trigger, f"robot_node/{verb}") for verb in ("policy", "home", "recover")
        }
        peer.advertise("enable", "action_chunk")
        peer.node.create_timer(PERIOD_S, lambda: peer.publish("enable", fields.enable(True)))

    def newest(self, topic: str) -> Any:
        return self._heard[topic][-1]

    @property
    def position(self) -> np.ndarray[Any, Any]:
        return fields.read_joint_state(self.newest("joint_states"), self.names).position

    @property
    def status(self) -> dict[str, str]:
        return dict(fields.read_diagnostics(self.newest("safety_status"))[1][0].values)

    def until(self, holds: Callable[[], bool], timeout_s: float = 30.0) -> None:
        assert self.peer.wait(holds, timeout_s), self._heard["safety_status"]

    def until_mode(self, mode: str) -> None:
        self.until(lambda: bool(self._heard["robot_mode"]) and self.newest("robot_mode").data == mode)

    def ask(self, verb: str) -> bool:
        assert self.peer.wait(self._clients[verb].service_is_ready)
        answer = self._clients[verb].call_async(self._request())
        assert self.peer.wait(answer.done)
        return bool(answer.result().success)

    def follow(self, end: np.ndarray[Any, Any], number: int) -> None:
        rows = self.position + np.linspace(0.0, 1.0, 30)[:, None] * (end - self.position)
        now_ns = self.peer.clock.now_ns()
        chunk = ActionChunk(number, number, now_ns, now_ns, 1.0 / 30.0, rows)
        self.peer.publish("action_chunk", fields.action_chunk(chunk, self.names))


@pytest.fixture
def run_config(run_config: RunConfig, tmp_path: Path) -> RunConfig:
    task = share.share_dir() / "config" / "tasks" / "move_objects_into_box.yaml"
    config = replace(run_config, task=task, robot_address=own_address())
    (tmp_path / "config.yaml").write_text(dump(config))
    return config


@pytest.fixture
def ur5(peer: Any, run_config: RunConfig, start_node: Callable[..., Any]) -> Robot:
    start_node("sim_node")
    start_node("robot_node")
    robot = Robot(peer, run_config)
    robot.until_mode("HOLD")
    robot.until(lambda: bool(robot._heard["joint_states"] and robot._heard["safety_status"]))
    return robot


def test_a_silent_servo_is_a_fault_before_the_robot_can_leap(ur5: Robot) -> None:
    assert ur5.ask("policy")
    ur5.until(lambda: ur5.status["enabled"] == "true")
    ur5.sim.inject("silent_servo")
    ur5.follow(ur5.home + np.array([0, 0, 0, 0, 0, 1.2, 0]), 1)  # fast: soon out of `tracking_rad`, slowed or not
    ur5.until_mode("FAULT")
    assert ur5.status["cause"] == "not_following"
    assert ur5.status["detail"].startswith("joint6 is 0.3")
    ur5.sim.clear()
    ur5.until(lambda: ur5.ask("recover"))
    ur5.until_mode("HOLD")
    ur5.until(lambda: bool(np.abs(ur5.position - ur5.home).max() < 0.01))


def test_a_chunk_moves_the_robot_and_a_protective_stop_is_a_fault_until_it_is_recovered(ur5: Robot) -> None:
    assert ur5.ask("policy")
    end = ur5.home + np.array([0.2, 0, 0, 0, 0, 0, -1.0])
    ur5.until(lambda: ur5.status["enabled"] == "true")
    ur5.follow(end, 5)
    ur5.until(lambda: bool(np.abs(ur5.position - end).max() < 0.01))
    followed = [fields.read_setpoint_provenance(message) for message in ur5._heard["setpoint_provenance"]]
    assert 5 in np.concatenate([rows.chunk_id for rows in followed])
    first = read_followed(ur5.status["followed"])
    assert first is not None
    assert first.chunk == 5
    assert first.handed_ns < first.sent_ns
    sequence = np.concatenate([rows.sequence for rows in followed])
    np.testing.assert_array_equal(np.diff(sequence), 1)

    ur5.sim.inject("protective_stop")
    ur5.until_mode("FAULT")
    assert ur5.status["cause"] == "protective_stop"
    assert not ur5.ask("policy")
    ur5.until(lambda: ur5.ask("recover"))
    ur5.until_mode("HOLD")
    for _ in range(5):  # a loaded machine may lose the enable signal, which ends the way home
        assert ur5.ask("home")
        ur5.until_mode("HOMING")
        ur5.until_mode("HOLD")
        if ur5.status["at_home"] == "true":
            return
    pytest.fail(str(ur5.status))
