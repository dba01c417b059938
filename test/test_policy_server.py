"""The policy server: the openpi framing, several clients at once, latency on the clock, a clean stop."""

import select
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from typing import Any

import numpy as np
import pytest
from by_hand import connected_by_hand
from fake_policy import METADATA, UR5, FakePolicy, observation, profile_for, stamp_answer
from waiting import wait_until
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import connect

from ros_wam.clock import FakeClock, StationClock
from ros_wam.errors import ConfigError
from ros_wam.policy.client import make_client
from ros_wam.policy.codecs import openpi
from ros_wam.policy.server import PolicyServer, serve

REQUEST = openpi.encode({"observation/stamp_ns": 4})


@pytest.fixture
def policy() -> FakePolicy:
    return FakePolicy()


@pytest.fixture
def server(policy: FakePolicy) -> Iterator[PolicyServer]:
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        yield server


def test_metadata_comes_first_then_one_answer_per_request(server: PolicyServer) -> None:
    with connect(server.url) as connection:
        assert openpi.decode(connection.recv(timeout=5.0)) == METADATA
        connection.send(REQUEST)
        first = openpi.decode(connection.recv(timeout=5.0))
        connection.send(REQUEST)
        second = openpi.decode(connection.recv(timeout=5.0))
    assert first["actions"].shape == (30, 7)
    assert set(first["policy_timing"]) == {"infer_ms"}
    assert set(first["server_timing"]) == {"infer_ms"}
    assert set(second["server_timing"]) == {"infer_ms", "prev_total_ms"}


def test_healthz_says_ok_once_the_policy_is_warm(policy: FakePolicy, server: PolicyServer) -> None:
    assert policy.warm
    with urllib.request.urlopen(server.url.replace("ws", "http") + "/healthz", timeout=5.0) as answer:
        assert (answer.status, answer.read()) == (200, b"OK\n")


def test_error_is_a_traceback_and_a_close_with_1011(policy: FakePolicy, server: PolicyServer) -> None:
    def fail(request: Mapping[str, Any]) -> Mapping[str, Any]:
        raise KeyError("observation/third_image")

    policy.answer = fail
    with connect(server.url) as connection:
        connection.recv(timeout=5.0)
        connection.send(REQUEST)
        text = connection.recv(timeout=5.0)
        assert isinstance(text, str)
        assert text.startswith("Traceback")
        assert text.endswith("KeyError: 'observation/third_image'\n")
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(timeout=5.0)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011


def test_error_goes_to_the_log_when_nobody_is_left_to_tell(
    policy: FakePolicy, server: PolicyServer, caplog: pytest.LogCaptureFixture
) -> None:
    asked, gone = threading.Event(), threading.Event()

    def fail_late(request: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.set()
        gone.wait(10.0)
        raise RuntimeError("out of memory")

    policy.answer = fail_late
    with connect(server.url) as connection:
        connection.send(REQUEST)
        assert asked.wait(5.0)
    gone.set()
    server.stop()
    assert "RuntimeError: out of memory" in caplog.text


@pytest.mark.parametrize("error", [ConnectionClosedError(None, None), CancelledError()])
def test_a_connection_that_the_policy_loses_is_an_error_of_it(
    error: Exception, policy: FakePolicy, server: PolicyServer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: Mapping[str, Any]) -> Mapping[str, Any]:
        raise error

    policy.answer = fail
    with connect(server.url) as connection:
        connection.recv(timeout=5.0)
        connection.send(REQUEST)
        assert "PolicyUnreachable: the policy lost what it asks itself" in connection.recv(timeout=5.0)
    server.stop()
    assert "PolicyUnreachable" in caplog.text


@pytest.mark.parametrize("request_frame", ["text", b"\xc1"])
def test_request_that_is_none_is_refused(server: PolicyServer, request_frame: str | bytes) -> None:
    with connect(server.url) as connection:
        connection.recv(timeout=5.0)
        connection.send(request_frame)
        assert "SpecError" in connection.recv(timeout=5.0)


def test_clients_are_served_at_once_each_with_its_session(policy: FakePolicy, server: PolicyServer) -> None:
    clients = [make_client(profile_for(server.url), UR5, StationClock()) for _ in range(3)]
    for client in clients:
        client.connect()
    for stamp_ns, client in enumerate(clients):
        assert client.infer(observation(stamp_ns)).actions[0, 0] == stamp_ns
    for client in clients:
        client.close()
    assert policy.sessions == 3


def test_latency_is_waited_for_on_the_clock(policy: FakePolicy) -> None:
    clock = FakeClock()
    with PolicyServer(policy, "127.0.0.1", 0, clock, inference_latency_ms=400.0) as server:
        client = make_client(profile_for(server.url), UR5, clock)
        reply = client.infer(observation())
        client.close()
    assert reply.server_infer_ms == pytest.approx(400.0)
    assert clock.now_ns() == 400_000_000


@pytest.mark.parametrize(("latency_ms", "told_ms"), [(0.0, 30.0), (40.0, 40.0)])
def test_inference_is_told_without_decoding_and_waiting_for_its_turn(
    latency_ms: float, told_ms: float, policy: FakePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, decoded, decode = FakeClock(), threading.Event(), openpi.decode

    def decode_slowly(frame: bytes) -> dict[str, Any]:
        clock.advance_ns(100_000_000)
        decoded.set()
        return decode(frame)

    def infer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        clock.advance_ns(30_000_000)
        return stamp_answer(request)

    monkeypatch.setattr(openpi, "decode", decode_slowly)
    policy.answer = infer
    with PolicyServer(policy, "127.0.0.1", 0, clock, latency_ms) as server, connect(server.url) as connection:
        connection.recv(timeout=5.0)
        wait_until(lambda: policy.sessions == 1, "the session has begun")
        turn = threading.Event()
        another = threading.Thread(target=server._inferences.call, args=(lambda: turn.wait(10.0),))
        another.start()
        connection.send(REQUEST)
        assert decoded.wait(5.0)
        clock.advance_ns(200_000_000)
        turn.set()
        another.join()
        answer = decode(connection.recv(timeout=5.0))
        assert answer["server_timing"] == {"infer_ms": pytest.approx(told_ms)}
        assert answer["policy_timing"] == {"infer_ms": pytest.approx(30.0)}
        connection.send(REQUEST)
        again = decode(connection.recv(timeout=5.0))
    assert again["server_timing"]["prev_total_ms"] == pytest.approx(300.0 + told_ms)


def test_port_that_is_taken_is_named(server: PolicyServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(ConfigError, match=f"cannot serve on 127.0.0.1:{port}: "):
        PolicyServer(FakePolicy(), "127.0.0.1", port, StationClock()).start()


def test_stopping_twice_and_with_a_client_connected(server: PolicyServer) -> None:
    with connect(server.url) as connection:
        connection.recv(timeout=5.0)
        server.stop()
        server.stop()
        with pytest.raises(ConnectionClosed, match="1001"):
            connection.recv(timeout=5.0)


def test_client_that_takes_no_answer_does_not_hold_the_server_up(policy: FakePolicy, server: PolicyServer) -> None:
    policy.answer = lambda request: {"actions": np.zeros((2000, 2000))}
    with asked_by_hand(server.url) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert select.select([deaf], [], [], 5.0)[0]  # the server is writing
        assert_stops(server)


def test_client_that_floods_is_not_read_from(policy: FakePolicy, server: PolicyServer) -> None:
    done = threading.Event()
    policy.answer = lambda request: {"done": done.wait(10.0)}
    frame = b"\x82\xff" + (2**24).to_bytes(8, "big") + bytes(4) + bytes(2**24)  # binary, masked with zeros
    with asked_by_hand(server.url) as flooding:
        flooding.settimeout(0.3)
        # The system keeps up to 36 MB, which is less than 3, and the server 3 more; by default that would be 17 more.
        with pytest.raises(TimeoutError):
            for _ in range(8):
                flooding.sendall(frame)
    done.set()


def asked_by_hand(url: str) -> socket.socket:
    """Connect, read the metadata and ask once; what comes then is for the caller to read."""
    connection, request = connected_by_hand(url, REQUEST)
    connection.sendall(request)
    return connection


def test_latency_does_not_hold_the_server_up(policy: FakePolicy) -> None:
    asked = threading.Event()
    policy.answer = lambda request: asked.set() or stamp_answer(request)
    server = PolicyServer(policy, "127.0.0.1", 0, StationClock(), inference_latency_ms=60_000.0)
    server.start()
    with connect(server.url) as connection:
        connection.send(REQUEST)
        assert asked.wait(5.0)
        assert_stops(server)


def assert_stops(server: PolicyServer) -> None:
    stopping = threading.Thread(target=server.stop, daemon=True)
    stopping.start()
    stopping.join(5.0)
    assert not stopping.is_alive()


def test_serve_runs_until_the_event_is_set(policy: FakePolicy) -> None:
    stop, ready, urls = threading.Event(), threading.Event(), []

    def on_ready(url: str) -> None:
        urls.append(url)
        ready.set()

    arguments = (policy, "127.0.0.1", 0, StationClock(), stop, 0.0, on_ready)
    thread = threading.Thread(target=serve, args=arguments)
    thread.start()
    assert ready.wait(5.0)
    client = make_client(profile_for(urls[0]), UR5, StationClock())
    assert client.infer(observation(9)).actions[0, 0] == stamp_answer({"observation/stamp_ns": 9})["actions"][0, 0]
    stop.set()
    thread.join(5.0)
    assert not thread.is_alive()
    client.close()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(urls[0].replace("ws", "http") + "/healthz", timeout=1.0)
