"""trial_node over real DDS, against a station played by the test: robot, policy, recorder and simulator."""

import signal
import subprocess

from trial_station import TrialStation, finish, until_running

from ros_wam.run_config import RunConfig
from ros_wam.trial.results import load_results
from ros_wam.trial.runner import Timeouts
from ros_wam.trial.sitting_runner import NOTHING_COUNTS


def test_a_trial_runs_to_its_score(station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig) -> None:
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
    station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    station.mode = "FAULT"
    until_running(station)
    assert "home" in station.heard[station.heard.index("recover") : station.heard.index("prepare")]
    node.send_signal(signal.SIGINT)
    finish(station, node)


def test_a_robot_that_stops_on_its_way_home_waits_for_a_person(
    station: TrialStation, node: "subprocess.Popen[str]"
) -> None:
    station.modes["home"] = "HOMING"
    assert station.peer.wait(lambda: station.mode == "HOMING", 30.0)
    assert station.peer.wait(lambda: len(station.enabled) >= 10)
    station.mode = "FAULT"
    assert not station.peer.wait(lambda: "recover" in station.heard, 2.0)
    assert station.heard.count("home") == 1
    node.send_signal(signal.SIGINT)
    finish(station, node)


def test_a_policy_that_fails_makes_the_trial_invalid(
    station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig
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
    station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig
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
    station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig
) -> None:
    until_running(station)
    node.send_signal(signal.SIGINT)
    finish(station, node)
    assert station.peer.wait(lambda: "stop" in station.heard and "hold" in station.heard, 5.0)
    assert station.enabled[-1] is False
    assert load_results(config.sitting_dir)["trials"] == []


def test_a_robot_that_moves_after_it_agreed_to_hold_is_asked_again(
    station: TrialStation, node: "subprocess.Popen[str]", config: RunConfig
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
