"""The station that trial_node talks to, played by a test: robot, policy, recorder, simulator, device and operator."""

import json
import subprocess
from typing import Any

import numpy as np

from ros_wam import fields
from ros_wam.run_config import RunConfig
from ros_wam.sim.control_socket import ControlSocket
from ros_wam.topics import image_topic

JOINTS = ("joint1", "joint2", "joint3", "joint4", "joint5", "joint6", "gripper")
JPEG = b"\xff\xd8\xff\xd9"


class TrialStation:
    """Plays everything that trial_node talks to; `heard` is what it was told, in order."""

    def __init__(self, peer: Any, config: RunConfig) -> None:
        from std_srvs.srv import Trigger

        self.peer = peer
        self.heard: list[str] = []
        self.commands: list[dict[str, Any]] = []
        self.enabled: list[bool] = []
        self.mode, self.policy = "HOLD", {"state": "ready", "cause": "", "detail": ""}
        self.achieved, self.home_ns = False, 1 << 62
        self.at_stop = "recorded"
        self.seeds: list[int] = []
        verbs = {"reset": self._reset, "score": self._score}
        self.simulator = ControlSocket(config.sim_socket, verbs)
        self.modes = {"home": "HOLD", "policy": "POLICY", "teleop": "TELEOP", "hold": "HOLD", "recover": "HOLD"}
        self.phase = "released"
        for verb in self.modes:
            peer.node.create_service(Trigger, f"robot_node/{verb}", self._robot(verb))
        for topic in ("enable", "enable_request"):
            self._subscribe(topic, lambda m: self.enabled.append(m.data))
        self._subscribe("trial_command", self._on_command)
        for name, rate_hz in (("joint_states", 100.0), ("safety_status", 10.0), ("pictures", 30.0)):
            peer.node.create_timer(1.0 / rate_hz, getattr(self, f"_{name}"))
        peer.node.create_timer(0.02, self.simulator.serve)

    def close(self) -> None:
        self.simulator.close()

    def _subscribe(self, topic: str, callback: Any) -> None:
        from ros_wam.messages import message_class, qos

        entry = self.peer.topics[topic]
        self.peer.node.create_subscription(message_class(entry.type), topic, callback, qos(entry))

    def _robot(self, verb: str) -> Any:
        def answer(_: Any, response: Any) -> Any:
            self.heard.append(verb)
            response.success = self.mode != "FAULT" or verb == "recover"
            self.mode = self.modes[verb] if response.success else self.mode
            if verb == "home":  # it was left in the midst of the scene, and takes a moment
                self.home_ns = self.peer.clock.now_ns() + 400_000_000
            return response

        return answer

    def _on_command(self, message: Any) -> None:
        command = fields.read_json_object(message)
        self.commands.append(command)
        self.heard.append(command["verb"])
        answer = {"prepare": "recording", "stop": self.at_stop}.get(command["verb"])
        if answer is not None:
            event = {"event": answer, "episode": command["episode"], "detail": "the disk is full"}
            self.peer.publish("trial_event", fields.json_object(event))
        if command["verb"] == "start":
            self.policy["state"] = "running"

    def _reset(self, seed: int) -> dict[str, Any]:
        self.heard.append("reset")
        self.seeds.append(seed)
        return {}

    def _score(self) -> dict[str, Any]:
        stage = {"name": "all", "points": 10.0 * self.achieved, "max_points": 10.0, "retries": 0, "stamp_ns": None}
        return {"stages": [stage], "succeeded": self.achieved}

    def _joint_states(self) -> None:
        message = {"header": fields.header(self.peer.clock.now_ns()), "name": list(JOINTS), "position": np.zeros(7)}
        self.peer.publish("joint_states", message)

    def _safety_status(self) -> None:
        now_ns = self.peer.clock.now_ns()
        values = {"mode": self.mode, "cause": "", "at_home": now_ns >= self.home_ns}
        robot = fields.Diagnostic("robot_node", fields.Level.OK, "", values)
        policy = fields.Diagnostic("policy_node", fields.Level.OK, "", self.policy)
        self.peer.publish("safety_status", fields.diagnostics(now_ns, robot))
        self.peer.publish("policy_status", fields.diagnostics(now_ns, policy))
        device = fields.Diagnostic("teleop_node", fields.Level.OK, "", {"phase": self.phase, "detail": "hold the key"})
        self.peer.publish("teleop_status", fields.diagnostics(now_ns, device))

    def _pictures(self) -> None:
        for view in ("wrist", "global"):
            header = fields.header(self.peer.clock.now_ns(), view)
            self.peer.publish(image_topic(view), {"header": header, "format": "jpeg", "data": JPEG})


class Events:
    """What the node told on trial_event."""

    def __init__(self, station: TrialStation) -> None:
        self._peer, self._heard = station.peer, station.peer.hear("trial_event")
        self.all: list[dict[str, Any]] = []

    def any(self, kind: str, **holds: Any) -> bool:
        self.all.extend(fields.read_json_object(message) for message in self._heard)
        self._heard.clear()
        return any(event.get("event") == kind and holds.items() <= event.items() for event in self.all)

    def wait(self, kind: str, **holds: Any) -> None:
        assert self._peer.wait(lambda: self.any(kind, **holds)), self.all[-3:]


def finish(station: TrialStation, node: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """Wait for the node to end and return what it printed."""
    assert station.peer.wait(lambda: node.poll() is not None, 30.0)
    assert node.stdout is not None
    return [json.loads(line) for line in node.stdout]


def until_running(station: TrialStation) -> None:
    assert station.peer.wait(lambda: "start" in station.heard, 30.0), station.heard


def call(station: TrialStation, service: str) -> None:
    from std_srvs.srv import Trigger

    client = station.peer.node.create_client(Trigger, f"trial_node/{service}")
    assert station.peer.wait(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    assert station.peer.wait(answer.done)
    assert answer.result().success


def say(station: TrialStation, verb: str, **more: Any) -> None:
    station.peer.publish("operator_command", fields.json_object({"verb": verb, **more}))
