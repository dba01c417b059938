"""What a client makes of servers that are slow, die, come back as others, flood, or only seem to be there."""

import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from wire.openpi_server import OpenpiServer, droid_velocity
from wire.seen import observation, profile_named, robot_named
from wire.unreliable_server import (
    Deed,
    UnreliableServer,
    dies,
    falls_silent,
    floods,
    half_closes,
    resets,
    sends_too_much,
    trickles,
    trickles_fragments,
)

from ros_wam.clock import StationClock
from ros_wam.errors import PolicyAnswerInvalid, PolicyError, PolicyMismatch, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.client import WireClient
from ros_wam.policy.profile import Timeouts

FRANKA = robot_named("franka")
SEEN = observation(FRANKA)
SLOW_S = 0.3
SHORT = Timeouts(connect_s=SLOW_S, first_call_s=SLOW_S, call_s=SLOW_S)
PATIENT = Timeouts(connect_s=10.0, first_call_s=10.0, call_s=10.0)
pytestmark = pytest.mark.slow


@contextmanager
def talking(url: str, timeouts: Timeouts = PATIENT) -> Iterator[WireClient]:
    """A client of the server at `url`."""
    profile = dataclasses.replace(profile_named("pi05_droid", FRANKA), url=url, timeouts=timeouts)
    with closing(WireClient(profile, FRANKA, StationClock())) as client:
        yield client


@pytest.fixture
def server() -> Iterator[UnreliableServer]:
    with UnreliableServer(droid_velocity(15), dies) as server:
        yield server


def test_only_the_first_call_of_a_connection_may_be_slow() -> None:
    slow = threading.Event()

    def compiling(request: dict[str, Any]) -> np.ndarray:
        slow.wait(SLOW_S)  # nobody sets it: it takes that long
        return np.zeros((15, 8))

    with OpenpiServer(compiling) as server, talking(server.url, Timeouts(10.0, 10.0, 0.5 * SLOW_S)) as client:
        assert client.infer(SEEN).actions.shape == (15, 8)
        with pytest.raises(PolicyTimeout, match=r"did not send an answer in 0\.15 s"):
            client.infer(SEEN)
        assert client.infer(SEEN).actions.shape == (15, 8), "a new connection has a first call again"


@pytest.mark.parametrize(
    ("deed", "error", "told"),
    [
        (dies, PolicyUnreachable, "closed the connection"),
        (resets, PolicyUnreachable, "closed the connection"),
        (half_closes, PolicyUnreachable, "closed the connection"),
        (falls_silent, PolicyTimeout, r"did not send an answer in 0\.3 s"),
        (trickles, PolicyTimeout, r"did not send an answer in 0\.3 s"),
        (trickles_fragments, PolicyTimeout, r"did not send an answer in 0\.3 s"),
        (sends_too_much, PolicyAnswerInvalid, "no answer of at most 67108864 bytes: sent 1009"),
    ],
)
def test_a_server_that_does_not_answer_is_told_and_found_again(
    server: UnreliableServer, deed: Deed, error: type[PolicyError], told: str
) -> None:
    server.deed = deed
    patience = PATIENT if deed is sends_too_much else SHORT
    with talking(server.url, dataclasses.replace(patience, connect_s=10.0, first_call_s=10.0)) as client:
        client.infer(SEEN)
        server.fail_next = True
        with pytest.raises(error, match=told):
            client.infer(SEEN)
        assert not client._transport.is_open
        server.released.set()
        if deed is dies:
            with pytest.raises(PolicyUnreachable, match="cannot be reached"):
                client.infer(SEEN)
            server.start()
        assert client.infer(SEEN).actions.shape == (15, 8)
    assert server.opened == 2


def test_a_server_that_floods_is_not_listened_to(server: UnreliableServer) -> None:
    server.deed = floods
    with talking(server.url) as client:
        server.fail_next = True
        with pytest.raises(PolicyAnswerInvalid, match="sent a frame that answers no request"):
            for _ in range(100):  # until the next frame has come before the next request
                client.infer(SEEN)
        server.released.set()
        assert client.infer(SEEN).server_infer_ms == 75.0


def test_a_server_that_comes_back_as_another_is_refused_until_it_is_itself_again(server: UnreliableServer) -> None:
    with talking(server.url) as client:
        client.infer(SEEN)
        for model in ("second", "third"):
            server.stop()
            server.metadata = {"model": model}
            server.start()
            told = f"not the server that this run began with: model: 'first' before, '{model}' now"
            for _ in range(2):
                with pytest.raises(PolicyMismatch, match=told):
                    client.infer(SEEN)
        server.stop()
        server.metadata = {"model": "first"}
        server.start()
        assert client.infer(SEEN).actions.shape == (15, 8)


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        (np.zeros((2, 15, 8)), r"'actions' of the answer has shape \(2, 15, 8\), must have axes TD"),
        (np.zeros(0), r"'actions' of the answer has shape \(0,\), must have axes TD"),
        (np.full((15, 8), "left"), "'actions' of the answer is not an array of numbers"),
        (np.zeros((15, 8), np.complex128), "cannot be decoded: array dtype is '<c16'"),
    ],
)
def test_an_answer_of_a_wrong_kind_is_invalid_and_the_next_is_read(
    server: UnreliableServer, actions: np.ndarray, told: str
) -> None:
    server.answer = lambda request: actions
    with talking(server.url) as client:
        with pytest.raises(PolicyAnswerInvalid, match=told):
            client.infer(SEEN)
        server.answer = droid_velocity(15)
        assert client.infer(SEEN).actions.shape == (15, 8)


def nothing(connection: socket.socket, ended: threading.Event) -> None:
    """Accept, and say nothing."""
    ended.wait(10.0)


def trickled(connection: socket.socket, ended: threading.Event) -> None:
    """Answer the upgrade byte by byte, and never to its end."""
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nX-Padding: ")
    while not ended.wait(0.01):
        connection.sendall(b"x")


def headers_without_end(connection: socket.socket, ended: threading.Event) -> None:
    """Answer the upgrade with more headers than there is memory for."""
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
    while not ended.is_set():
        connection.sendall(b"X-Padding: x\r\n" * 1000)


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (nothing, r"did not connect within 0\.3 s"),
        (trickled, r"did not connect within 0\.3 s"),
        (headers_without_end, "did not connect|cannot be reached"),
    ],
)
def test_a_listener_that_is_no_server_is_unreachable(
    behaviour: Callable[[socket.socket, threading.Event], None], told: str
) -> None:
    ended = threading.Event()

    def listen() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                behaviour(connection, ended)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen)
        thread.start()
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        with talking(url, SHORT) as client, pytest.raises(PolicyUnreachable, match=told):
            client.infer(SEEN)
        ended.set()
        thread.join()
