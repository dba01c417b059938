"""Who comes in to a policy server: with the token, once it is warm, while there is room."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fake_policy import UR5, FakePolicy, observation, profile_for
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ros_wam.clock import StationClock
from ros_wam.errors import PolicyUnreachable
from ros_wam.policy import server_door
from ros_wam.policy.client import make_client
from ros_wam.policy.server import PolicyServer

TOKEN = "a secret"


@pytest.fixture
def server() -> Iterator[PolicyServer]:
    with PolicyServer(FakePolicy(), "127.0.0.1", 0, StationClock(), token=TOKEN) as server:
        yield server


def health(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url.replace("ws", "http") + "/healthz", timeout=5.0) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def refused(url: str, headers: list[tuple[str, str]]) -> int:
    """Return the status with which a client is refused."""
    with pytest.raises(InvalidStatus) as error, connect(url, additional_headers=headers):
        pass
    return error.value.response.status_code


@pytest.mark.parametrize("scheme", ["Bearer", "Api-Key", "bearer"])
def test_who_has_the_token_is_served(server: PolicyServer, scheme: str) -> None:
    profile = profile_for(server.url, headers={"Authorization": f"{scheme} {TOKEN}"})
    client = make_client(profile, UR5, StationClock())
    assert client.infer(observation(3)).actions[0, 0] == 3
    client.close()


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "Bearer another")],
        [("Authorization", "Bearer a secret and more")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Basic a secret")],
        [("Authorization", TOKEN)],
        [("Authorization", "Bearer ä")],
        [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")],
    ],
)
def test_who_has_not_is_told_401(server: PolicyServer, headers: list[tuple[str, str]]) -> None:
    assert refused(server.url, headers) == 401


def test_our_client_says_why_it_is_refused(server: PolicyServer) -> None:
    with pytest.raises(PolicyUnreachable, match="401"):
        make_client(profile_for(server.url), UR5, StationClock()).connect()


def test_health_needs_no_token(server: PolicyServer) -> None:
    assert health(server.url) == (200, b"OK\n")


@contextmanager
def warming_up() -> Iterator[tuple[PolicyServer, threading.Event, threading.Thread]]:
    """A server whose policy is being warmed up until the event is set, and the thread that starts it."""
    policy, begun, go_on = FakePolicy(), threading.Event(), threading.Event()

    def warm_up() -> None:
        begun.set()
        go_on.wait(10.0)

    policy.warm_up = warm_up  # type: ignore[method-assign]
    server = PolicyServer(policy, "127.0.0.1", 0, StationClock())
    starting = threading.Thread(target=server.start)
    starting.start()
    try:
        assert begun.wait(5.0)
        yield server, go_on, starting
    finally:
        go_on.set()
        starting.join()
        server.stop()


def test_nobody_comes_in_before_the_policy_is_warm() -> None:
    with warming_up() as (server, go_on, starting):
        assert health(server.url) == (503, b"warming up\n")
        assert refused(server.url, []) == 503
        go_on.set()
        starting.join(5.0)
        assert health(server.url) == (200, b"OK\n")
        with connect(server.url) as connection:
            connection.recv(timeout=5.0)


def test_a_policy_that_cannot_be_warmed_up_leaves_no_server() -> None:
    def warm_up() -> None:
        raise RuntimeError("out of memory")

    policy = FakePolicy()
    policy.warm_up = warm_up  # type: ignore[method-assign]
    server = PolicyServer(policy, "127.0.0.1", 0, StationClock())
    with pytest.raises(RuntimeError, match="out of memory"):
        server.start()
    with pytest.raises(urllib.error.URLError):
        health(server.url)


def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_door, "MAX_SESSIONS", 2)
    server = PolicyServer(FakePolicy(), "127.0.0.1", 0, StationClock())
    with server, connect(server.url) as first, connect(server.url) as second:
        first.recv(timeout=5.0)
        second.recv(timeout=5.0)
        assert refused(server.url, []) == 503
        assert health(server.url)[0] == 200
