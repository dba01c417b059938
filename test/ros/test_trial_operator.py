"""trial_node over real DDS and the person beside the robot: the scene, marks, takeovers, demonstrations."""

import subprocess
from functools import partial
from typing import Any

import pytest
from trial_station import Events, TrialStation, call, finish, say, until_running

from ros_wam import fields
from ros_wam.run_config import RunConfig
from ros_wam.trial.results import load_results
from ros_wam.trial.seal import check_seal


@pytest.mark.parametrize("config", [{"sim": False}], indirect=True, ids=["real"])
def test_the_robot_rests_while_the_operator_lays_the_scene_out(
    station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig
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


def mark_and_finish(station: TrialStation, node: "subprocess.Popen[str]") -> list[dict[str, Any]]:
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


def test_the_operator_stops_a_trial(station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig) -> None:
    until_running(station)
    call(station, "stop")
    finish(station, node)
    trial = load_results(config.sitting_dir)["trials"][0]
    assert (trial["outcome"], trial["cause"]) == ("aborted", "operator_stop")


@pytest.mark.parametrize("config", [{"device": "keyboard"}], indirect=True, ids=["device"])
def test_the_robot_is_taken_over_and_handed_back(
    station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig
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
    station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig
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
