"""Several robots at one policy server: one that is slow, silent or hostile delays none of the others."""

import select
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from by_hand import connected_by_hand
from fake_policy import UR5, FakePolicy, observation, profile_for, stamp_answer
from waiting import wait_until
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from ros_wam.clock import StationClock
from ros_wam.policy import server as server_module
from ros_wam.policy.client import PolicyClient, make_client
from ros_wam.policy.codecs import openpi
from ros_wam.policy.server import PolicyServer

pytestmark = [pytest.mark.slow, pytest.mark.virtual]

REQUEST = openpi.encode({"observation/stamp_ns": 4, "large": True})


def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """More than the sockets on the way hold, to who asks for it."""
    return {"actions": np.zeros((2000, 2000))} if "large" in request else stamp_answer(request)


@pytest.fixture
def server() -> Iterator[PolicyServer]:
    policy = FakePolicy()
    policy.answer = answer
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        yield server


@contextmanager
def another_client(server: PolicyServer) -> Iterator[PolicyClient]:
    client = make_client(profile_for(server.url), UR5, StationClock())
    with closing(client):
        yield client


def test_who_takes_no_answer_delays_nobody(server: PolicyServer) -> None:
    connection, request = connected_by_hand(server.url, REQUEST, 4096)
    with connection, another_client(server) as client:
        connection.sendall(request)
        assert select.select([connection], [], [], 5.0)[0]  # the server is writing, and cannot finish
        for stamp_ns in (1, 2):
            assert client.infer(observation(stamp_ns)).actions[0, 0] == stamp_ns


def test_who_takes_no_answer_for_long_makes_room(server: PolicyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SEND_TIMEOUT_S", 0.1)
    connection, request = connected_by_hand(server.url, REQUEST, 4096)
    with connection:
        connection.sendall(request)
        assert select.select([connection], [], [], 5.0)[0]
        wait_until(lambda: not server._sessions, "the session is over")


def test_who_sends_half_a_request_delays_nobody(server: PolicyServer) -> None:
    connection, request = connected_by_hand(server.url, REQUEST, 4096)
    with connection, another_client(server) as client:
        connection.sendall(request[: len(request) // 2])
        for stamp_ns in (1, 2):
            assert client.infer(observation(stamp_ns)).actions[0, 0] == stamp_ns


def test_who_makes_the_policy_fail_ends_alone(server: PolicyServer) -> None:
    with another_client(server) as client, connect(server.url) as other:
        assert client.infer(observation(1)).actions[0, 0] == 1
        other.recv(timeout=5.0)
        other.send(openpi.encode({}))
        assert "KeyError" in other.recv(timeout=5.0)
        assert client.infer(observation(2)).actions[0, 0] == 2


def test_a_request_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_MESSAGE_BYTES", 1000)
    policy = FakePolicy()
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server, connect(server.url) as connection:
        connection.recv(timeout=5.0)
        connection.send(bytes(1001))
        with pytest.raises(ConnectionClosedError, match="1009"):
            connection.recv(timeout=5.0)
    assert policy.requests == []


def test_inferences_run_one_at_a_time() -> None:
    policy, busy, most = FakePolicy(), threading.Semaphore(1), []

    def infer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        most.append(busy.acquire(blocking=False))
        threading.Event().wait(0.001)  # others may go on
        busy.release()
        return stamp_answer(request)

    policy.answer = infer
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        robots = [threading.Thread(target=_ask, args=(server, 10)) for _ in range(3)]
        for robot in robots:
            robot.start()
        for robot in robots:
            robot.join()
    assert most == [True] * 30


def _ask(server: PolicyServer, times: int) -> None:
    with another_client(server) as client:
        for stamp_ns in range(times):
            assert client.infer(observation(stamp_ns)).actions[0, 0] == stamp_ns
