"""Asking a policy server for its warm latency."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from fake_policy import observation

from ros_wam.clock import FakeClock
from ros_wam.doctor.asking import PATIENCE_S, WARM_CALLS, ask
from ros_wam.errors import (
    ConfigError,
    PolicyError,
    PolicyMismatch,
    PolicyTimeout,
    PolicyUnreachable,
    RosWamError,
    SpecError,
)
from ros_wam.types import Observation, Reply

MS = 1_000_000


class Client:
    """A PolicyClient that answers after `latencies_ms`, or with the next of `troubles`."""

    def __init__(self, clock: FakeClock, latencies_ms: list[int], troubles: list[PolicyError] | None = None) -> None:
        self.clock, self.latencies_ms, self.troubles = clock, latencies_ms, troubles or []
        self.actions = np.zeros((30, 7))
        self.asked = 0
        self.closed = False

    def connect(self) -> Mapping[str, Any]:
        if self.troubles:
            raise self.troubles.pop(0)
        return {}

    def infer(self, seen: Observation) -> Reply:
        assert seen.prompt
        self.clock.advance_ns(self.latencies_ms[self.asked] * MS)
        self.asked += 1
        return Reply(self.actions)

    def reset(self, prompt: str) -> None:
        raise AssertionError

    def close(self) -> None:
        self.closed = True


def test_the_first_answer_is_not_counted() -> None:
    clock = FakeClock()
    client = Client(clock, [5000, *range(10, 10 + WARM_CALLS)])
    asked = ask(lambda: client, observation, clock)
    assert asked.latencies_ms == pytest.approx(range(10, 10 + WARM_CALLS))
    assert asked.shape == (30, 7)
    assert not asked.error
    assert client.closed


def test_a_server_that_comes_up_late_is_waited_for() -> None:
    clock = FakeClock()
    client = Client(clock, [10] * 20, [PolicyUnreachable("refused")] * 3)
    assert not ask(lambda: client, observation, clock).error


def test_a_server_that_never_comes_is_not_waited_for_for_ever() -> None:
    clock = FakeClock()
    asked = ask(lambda: Client(clock, [], [PolicyUnreachable("refused")] * 1000), observation, clock)
    assert asked.error == "refused"
    assert clock.now_ns() == pytest.approx(PATIENCE_S * 1e9, abs=1e9)


def test_another_servers_metadata_are_told() -> None:
    clock = FakeClock()
    asked = ask(lambda: Client(clock, [], [PolicyMismatch("embodiment: server 'a'")]), observation, clock)
    assert asked.mismatch == "embodiment: server 'a'"
    assert asked.latencies_ms == ()


def test_a_timeout_is_told() -> None:
    clock = FakeClock()
    assert ask(lambda: Client(clock, [], [PolicyTimeout("no answer")]), observation, clock).error == "no answer"


def test_nothing_to_ask_with_is_told() -> None:
    clock = FakeClock()
    assert "nothing to ask with" in ask(lambda: Client(clock, []), lambda: None, clock).error


def test_an_answer_that_is_no_number_is_told() -> None:
    clock = FakeClock()
    client = Client(clock, [10] * 20)
    client.actions = np.full((30, 7), np.nan)
    assert "no number" in ask(lambda: client, observation, clock).error


@pytest.mark.parametrize("error", [SpecError("joint_states: no position of joint3"), ConfigError("no prompt")])
def test_whatever_goes_wrong_while_asking_is_told(error: RosWamError) -> None:
    clock = FakeClock()
    client = Client(clock, [])

    def fail() -> Any:
        raise error

    assert ask(lambda: client, fail, clock).error == str(error)
    assert client.closed
    assert ask(fail, observation, clock).error == str(error)
