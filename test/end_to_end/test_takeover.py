"""A trial that is taken over from the policy and handed back: every process of `ros-wam eval --sim --device keyboard`,
in real time, judged by the record."""

import itertools
import json
import select
from typing import Any

import httpx
import numpy as np
import pytest
from stack import Stack, run_stack

from ros_wam.clock import OFFSET_VARIABLE, StationClock
from ros_wam.fields import MODES
from ros_wam.teleop.key_socket import KeySender
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.trace import Trace
from ros_wam.types import Mode

pytestmark = pytest.mark.slow
DRIVEN_S = 3.0
"""How long the policy has the robot, before and after."""
REPEAT_S, LED_S = 0.033, 2.0
LED_RAD = 0.02


class Person:
    """Takes over once the policy is under way, lifts the tool by a held key, hands back, and calls it a success."""

    def __init__(self) -> None:
        self._verbs = ["take_over", "hand_back", "success"]
        self._since_s = 0.0

    def __call__(self, stack: Stack, event: dict[str, Any]) -> None:
        wanted = self._verbs[0] if self._verbs else ""
        mode, wait_s = ("TELEOP", 0.0) if wanted == "hand_back" else ("POLICY", DRIVEN_S)
        if wanted not in event["can"] or event["mode"] != mode or event["elapsed_s"] < self._since_s + wait_s:
            return
        if wanted == "hand_back":
            self._hold(stack, b"r")
        if self._say(stack, wanted):
            self._verbs.pop(0)
            self._since_s = event["elapsed_s"] + (LED_S if wanted == "hand_back" else 0.0)

    def _say(self, stack: Stack, verb: str) -> bool:
        assert stack.run.desk is not None
        return httpx.post(f"{stack.run.desk.url}command", json={"verb": verb}, timeout=10.0).is_success

    def _hold(self, stack: Stack, key: bytes) -> None:
        clock, sender = (
            StationClock(int(stack.run.environment[OFFSET_VARIABLE])),
            KeySender(stack.run.config.keys_socket),
        )
        until_ns = clock.now_ns() + round(LED_S * 1e9)
        while clock.now_ns() < until_ns:
            sender.send(key, clock.now_ns())
            select.select([], [], [], REPEAT_S)
        sender.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return run_stack(tmp_path_factory.mktemp("takeover"), Person(), device="keyboard")


@pytest.fixture(scope="module")
def trace(stack: Stack) -> Trace:
    return read_trace(stack.sitting / stack.results()[0]["bag"]).while_running()


def test_a_trial_that_a_person_helped_with_counts_and_says_so(stack: Stack) -> None:
    (trial,) = stack.results()
    assert (trial["outcome"], trial["valid"], trial["takeovers"]) == ("success", True, 1), trial["comment"]
    assert "leader_lost" not in {departure["cause"] for departure in trial["departures"]}, "the key was let go"
    assert (stack.sitting / "trials/001/seal.json").is_file()
    assert json.loads((stack.sitting / "results.json").read_text())["summary"]["takeovers"] == 1


def test_the_record_says_who_had_the_robot(trace: Trace) -> None:
    source = trace.origin.source
    spells = [MODES[source[0]], *(MODES[now] for before, now in itertools.pairwise(source) if now != before)]
    assert spells[:3] == [Mode.POLICY, Mode.TELEOP, Mode.POLICY]
    led = trace.in_mode(Mode.TELEOP)
    assert np.ptp(trace.sent[led][:, :6], axis=0).max() > LED_RAD
    assert np.diff(trace.times_s, append=trace.times_s[-1])[led].sum() > 0.5 * LED_S


def test_nothing_that_the_policy_saw_before_it_had_the_robot_back_is_followed(trace: Trace) -> None:
    """But for the pictures on their way when it got it: a frame period, and what a busy machine adds."""
    led = np.flatnonzero(trace.in_mode(Mode.TELEOP))
    back_ns = trace.stamp_ns[led[-1]]
    after = (trace.stamp_ns > back_ns) & ~trace.idle
    assert after.any()
    assert trace.origin.observation_stamp_ns[after].min() > back_ns - 200_000_000
