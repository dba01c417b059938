"""trial_node over real DDS, against a station played by the test: robot, policy, recorder and simulator."""

import fcntl
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_wam import fields, share
from ros_wam.config import dump
from ros_wam.run_config import RunConfig
from ros_wam.sim.control_socket import ControlSocket
from ros_wam.topics import image_topic
from ros_wam.trial.results import load_results
from ros_wam.trial.runner import Timeouts
from ros_wam.trial.seal import check_seal
from ros_wam.trial.sitting_runner import NOTHING_COUNTS

JOINTS = ("joint1", "joint2", "joint3", "joint4", "joint5", "joint6", "gripper")
JPEG = b"\xff\xd8\xff\xd9"
SEED = 5


class Station:
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


@pytest.fixture
def config(run_config: RunConfig, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunConfig]:
    tasks = share.find("config/tasks", "move_objects_into_box")
    policies = share.find("config/policies", "baseline")
    changed = getattr(request, "param", {})
    sitting = tmp_path / "sitting"
    full = replace(run_config, sim=True, task=tasks, policy=policies, sitting_dir=sitting, trials=1, seed=SEED)
    full = replace(full, **changed)
    (tmp_path / "config.yaml").write_text(dump(full))
    (full.run_dir / "alive").mkdir()
    with (full.run_dir / "alive" / "recorder_node").open("w") as lock:  # this process plays it
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield full


@pytest.fixture
def station(peer: Any, config: RunConfig) -> Iterator[Station]:
    station = Station(peer, config)
    yield station
    station.close()


@pytest.fixture
def node(station: Station, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "ros_wam.nodes.trial_node", "--config", str(tmp_path / "config.yaml")]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def finish(station: Station, node: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """Wait for the node to end and return what it printed."""
    assert station.peer.wait(lambda: node.poll() is not None, 30.0)
    assert node.stdout is not None
    return [json.loads(line) for line in node.stdout]


def until_running(station: Station) -> None:
    assert station.peer.wait(lambda: "start" in station.heard, 30.0), station.heard


def test_a_trial_runs_to_its_score(station: Station, node: "subprocess.Popen[str]", config: RunConfig) -> None:
    until_running(station)
    assert station.mode == "POLICY", "the robot follows the policy before the policy starts"
    station.peer.publish("trial_event", {"data": "not for a program"})
    station.achieved = True
    told = finish(station, node)
    assert node.returncode == 0
    assert station.heard[:5] == ["home", "reset", "prepare", "policy", "start"], "no object appears within the robot"
    assert sorted(station.heard[5:]) == ["hold", "stop"]
    assert station.commands[0]["prompt"] == "place all the clutter on the desk into the white box"
    assert station.commands[0]["bag"] == str(config.sitting_dir / "trials/001/bag")
    assert len(station.seeds) == 1 and station.seeds[0] == station.commands[0]["seed"]
    trial = load_results(config.sitting_dir)["trials"][0]
    assert (trial["outcome"], trial["valid"], trial["score"]) == ("success", True, 1.0)
    states = ["resetting", "homing", "ready", "preparing", "running", "stopping", "scored"]
    assert list(dict.fromkeys(event["state"] for event in told)) == states
    assert any(event["mode"] == "POLICY" for event in told)
    assert station.enabled[-1] is False


def test_a_robot_in_fault_is_recovered_before_it_goes_home(
    station: Station, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    station.mode = "FAULT"
    until_running(station)
    assert "home" in station.heard[station.heard.index("recover") : station.heard.index("prepare")]
    node.send_signal(signal.SIGINT)
    finish(station, node)


def test_a_robot_that_stops_on_its_way_home_waits_for_a_person(station: Station, node: "subprocess.Popen[str]") -> None:
    station.modes["home"] = "HOMING"
    assert station.peer.wait(lambda: station.mode == "HOMING", 30.0)
    assert station.peer.wait(lambda: len(station.enabled) >= 10)
    station.mode = "FAULT"
    assert not station.peer.wait(lambda: "recover" in station.heard, 2.0)
    assert station.heard.count("home") == 1
    node.send_signal(signal.SIGINT)
    finish(station, node)


def test_a_policy_that_fails_makes_the_trial_invalid(
    station: Station, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    until_running(station)
    station.policy.update(state="failed", cause="policy_timeout", detail="no answer within 2 s")
    finish(station, node)
    assert node.returncode == NOTHING_COUNTS
    trial = load_results(config.sitting_dir)["trials"][0]
    assert (trial["outcome"], trial["valid"], trial["cause"]) == ("aborted", False, "policy_timeout")
    assert trial["comment"] == "no answer within 2 s"
    assert station.mode == "HOLD"


def test_a_recording_that_fails_is_not_waited_for(
    station: Station, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    until_running(station)
    station.at_stop, station.achieved = "record_failed", True
    assert station.peer.wait(lambda: "stop" in station.heard)
    stopped_ns = station.peer.clock.now_ns()
    told = finish(station, node)
    waited_s = (station.peer.clock.now_ns() - stopped_ns) * 1e-9
    assert waited_s < 0.9 * Timeouts().stop_s, "the robot is not kept enabled for it"
    assert told[-1]["comment"] == "the disk is full"
    trial = load_results(config.sitting_dir)["trials"][0]
    assert (trial["outcome"], trial["valid"], trial["cause"]) == ("success", False, "record_failed")


def test_an_interrupt_holds_the_robot_and_scores_nothing(
    station: Station, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    until_running(station)
    node.send_signal(signal.SIGINT)
    finish(station, node)
    assert station.peer.wait(lambda: "stop" in station.heard and "hold" in station.heard, 5.0)
    assert station.enabled[-1] is False
    assert load_results(config.sitting_dir)["trials"] == []


def call(station: Station, service: str) -> None:
    from std_srvs.srv import Trigger

    client = station.peer.node.create_client(Trigger, f"trial_node/{service}")
    assert station.peer.wait(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    assert station.peer.wait(answer.done)
    assert answer.result().success


@pytest.mark.parametrize("config", [{"sim": False}], indirect=True, ids=["real"])
def test_the_robot_rests_while_the_operator_lays_the_scene_out(
    station: Station, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    assert station.peer.wait(lambda: len(station.enabled) >= 5)
    assert not any(station.enabled)
    assert station.heard == []
    call(station, "start")
    assert station.peer.wait(lambda: station.peer.clock.now_ns() > station.home_ns + 1_000_000_000)
    assert station.heard == ["home"] and not station.enabled[-1], "it waits at home"
    call(station, "start")
    until_running(station)
    assert station.heard[:2] == ["home", "prepare"]
    call(station, "success")
    assert station.peer.wait(lambda: "stop" in station.heard)
    told = mark_and_finish(station, node)
    assert told[0]["detail"] == "the scene to be laid out (then call trial_node/start)"
    trial = load_results(config.sitting_dir)["trials"][0]
    assert (trial["outcome"], trial["valid"], trial["comment"]) == ("success", True, "neat")
    assert trial["stages"][0]["stamp_ns"] is not None and 0.0 < trial["score"] < 1.0
    assert not check_seal(config.sitting_dir / "trials" / "001")


def mark_and_finish(station: Station, node: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """Mark the trial's first stage as achieved by operator_command, seal it, and return what the node printed."""
    events: list[dict[str, Any]] = []
    heard = station.peer.hear("trial_event")

    def told(kind: str, **holds: Any) -> bool:
        events.extend(fields.read_json_object(message) for message in heard)
        heard.clear()
        return any(event.get("event") == kind and holds.items() <= event.items() for event in events)

    assert station.peer.wait(lambda: told("progress", state="marking"))
    stage = next(event for event in reversed(events) if event.get("event") == "progress")["stages"][0]["name"]
    for number, command in enumerate(
        (
            {"verb": "stage", "name": stage, "achieved": True},
            {"verb": "comment", "text": "neat"},
            {"verb": "stage", "name": "nothing", "achieved": True},
        )
    ):
        station.peer.publish("operator_command", fields.json_object({**command, "id": str(number)}))
        assert station.peer.wait(partial(told, "answer", id=str(number)))
    refusals = {event["id"]: event["refusal"] for event in events if event.get("event") == "answer"}
    assert refusals["0"] is None and "must be one of" in refusals["2"]
    call(station, "seal")
    return finish(station, node)


def test_the_operator_stops_a_trial(station: Station, node: "subprocess.Popen[str]", config: RunConfig) -> None:
    until_running(station)
    call(station, "stop")
    finish(station, node)
    trial = load_results(config.sitting_dir)["trials"][0]
    assert (trial["outcome"], trial["cause"]) == ("aborted", "operator_stop")


def test_a_robot_that_moves_after_it_agreed_to_hold_is_asked_again(
    station: Station, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    """What was asked before the stop may be done after it: two services keep no order."""
    until_running(station)
    station.modes["hold"] = "POLICY"
    station.achieved = True
    assert station.peer.wait(lambda: station.heard.count("hold") > 0, 10.0)
    station.modes["hold"] = "HOLD"
    assert station.peer.wait(lambda: station.mode == "HOLD", 10.0)
    finish(station, node)
    assert load_results(config.sitting_dir)["trials"][0]["outcome"] == "success"
    assert station.heard.count("hold") == 2


class Events:
    """What the node told on trial_event."""

    def __init__(self, station: Station) -> None:
        self._peer, self._heard = station.peer, station.peer.hear("trial_event")
        self.all: list[dict[str, Any]] = []

    def any(self, kind: str, **holds: Any) -> bool:
        self.all.extend(fields.read_json_object(message) for message in self._heard)
        self._heard.clear()
        return any(event.get("event") == kind and holds.items() <= event.items() for event in self.all)

    def wait(self, kind: str, **holds: Any) -> None:
        assert self._peer.wait(lambda: self.any(kind, **holds)), self.all[-3:]


def say(station: Station, verb: str, **more: Any) -> None:
    station.peer.publish("operator_command", fields.json_object({"verb": verb, **more}))


@pytest.mark.parametrize("config", [{"device": "keyboard"}], indirect=True, ids=["device"])
def test_the_robot_is_taken_over_and_handed_back(
    station: Station, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    events = Events(station)
    until_running(station)
    say(station, "take_over")
    events.wait("takeover", episode="001")
    assert station.peer.wait(lambda: station.mode == "TELEOP")
    station.policy["state"] = "ready"
    waited_ns = station.peer.clock.now_ns() + 3_000_000_000  # longer than a robot may hold without a cause
    beats = len(station.enabled)
    assert station.peer.wait(lambda: station.peer.clock.now_ns() > waited_ns)
    assert len(station.enabled) - beats > 75, "at 20 Hz one beat that is late would be a robot that holds"
    assert node.poll() is None and "hold" not in station.heard
    call(station, "hand_back")
    events.wait("handback", episode="001")
    assert station.peer.wait(lambda: station.mode == "POLICY")
    station.achieved = True
    finish(station, node)
    trial = load_results(config.sitting_dir)["trials"][0]
    assert (trial["outcome"], trial["takeovers"], trial["valid"]) == ("success", 1, True)
    assert station.heard.count("start") == 1, "the policy goes on in the same episode"
    assert any(station.enabled), "it is requested of the device's node"


@pytest.mark.parametrize(
    "config", [{"device": "keyboard", "policy": None, "operator": True}], indirect=True, ids=["demonstration"]
)
def test_a_demonstration_begins_when_the_device_is_followed(
    station: Station, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    events = Events(station)
    station.phase = "lost"
    events.wait("progress", state="resetting")
    say(station, "start", id="lay out")
    events.wait("answer", id="lay out", refusal=None)
    events.wait("progress", state="ready", detail="the device is not ready: hold the key")
    station.phase = "aligning"
    assert station.peer.wait(lambda: events.any("progress", state="ready") and "start" in events.all[-1].get("can", ()))
    say(station, "start")
    assert station.peer.wait(lambda: station.mode == "TELEOP")
    events.wait("progress", state="running")
    assert "start" not in station.heard, "aligning is no part of it"
    station.phase = "following"
    until_running(station)
    assert "policy" not in station.heard
    shown = events.all[-1]
    assert (shown["kind"], shown["policy"]) == ("demonstrations", "teleop")
    assert shown["freshness"].keys() == {"wrist", "global"}
    assert station.peer.wait(lambda: events.any("progress") and "setpoints" in str(events.all[-1].get("quality"))), (
        "none come, and that is shown"
    )
    say(station, "success")
    events.wait("progress", state="closing")
    say(station, "seal")
    finish(station, node)
    assert node.returncode == 0
    data = load_results(config.sitting_dir)
    assert (data["kind"], data["trials"][0]["outcome"], data["trials"][0]["policy"]) == (
        "demonstrations",
        "success",
        "teleop",
    )
    assert data["trials"][0]["quality"] is not None
