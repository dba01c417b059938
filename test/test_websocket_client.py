"""The websocket client against our own server, and against servers that misbehave."""

import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

import msgpack
import numpy as np
import pytest
from fake_policy import METADATA, UR5, FakePolicy, observation, profile_for, with_columns, with_request
from websockets.server import ServerProtocol
from websockets.sync.server import ServerConnection, serve

from conformance import PolicyClientConformance, Served
from ros_wam.clock import FakeClock, StationClock
from ros_wam.errors import ConfigError, PolicyAnswerInvalid, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.client import WireClient, make_client
from ros_wam.policy.codecs import openpi
from ros_wam.policy.image_input import ImageInput
from ros_wam.policy.profile import Timeouts
from ros_wam.policy.reply_layout import ActionPart, ReplyLayout
from ros_wam.policy.server import PolicyServer
from ros_wam.policy.transports.transport import Address, make_transport


class TestWebsocketClient(PolicyClientConformance):
    @pytest.fixture
    def served(self) -> Iterator[Served]:
        policy = FakePolicy()
        with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
            client = make_client(profile_for(server.url, call_s=0.3), UR5, StationClock())
            yield Served(policy, client, server.stop)
            client.close()


@contextmanager
def misbehaving(behaviour: Callable[[ServerConnection], None], **changes: object) -> Iterator[WireClient]:
    """A client of a server that does `behaviour` on every connection."""
    with serve(behaviour, "127.0.0.1", 0, compression=None, close_timeout=0.1) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        client = make_client(profile_for(url, call_s=0.3, **changes), UR5, StationClock())
        try:
            yield client
        finally:
            client.close()
    thread.join()


DEEP = b"\x81\xa1a" * 900 + b"\xc0"
"""A map in a map in a map …"""


def greet(connection: ServerConnection) -> None:
    connection.send(openpi.encode(METADATA))


def test_server_that_declares_nothing_is_accepted_only_where_the_profile_says_so() -> None:
    def stock_openpi(connection: ServerConnection) -> None:
        connection.send(openpi.encode({}))
        connection.recv(timeout=1.0)
        connection.send(openpi.encode({"actions": np.ones((30, 7), np.float32)}))

    with misbehaving(stock_openpi, must_declare=()) as client:
        assert client.connect() == {}
        reply = client.infer(observation())
        assert reply.actions.dtype == np.float64
        assert reply.server_infer_ms is None


def test_answers_with_bytes_keys_are_read() -> None:
    def answer(connection: ServerConnection) -> None:
        greet(connection)
        connection.recv(timeout=1.0)
        actions = {b"__ndarray__": True, b"data": bytes(8 * 7), b"dtype": b"<f8", b"shape": [1, 7]}
        connection.send(msgpack.packb({b"out": {b"actions": actions}, b"server_timing": {b"infer_ms": 12}}))

    with misbehaving(answer, reply=ReplyLayout((ActionPart("out > actions", UR5.joint_names),))) as client:
        reply = client.infer(observation())
        assert reply.actions.shape == (1, 7)
        assert reply.server_infer_ms == 12.0


@pytest.mark.parametrize(
    "frame",
    [
        b"\xc1garbage",
        msgpack.packb([1, 2]),
        msgpack.packb({"actions": "none"}),
        msgpack.packb({b"\xff": 1}),
        DEEP,
        b"",
        "Traceback:\nBoom: late",
    ],
)
def test_answer_that_is_none_is_invalid(frame: str | bytes) -> None:
    def answer(connection: ServerConnection) -> None:
        greet(connection)
        connection.recv(timeout=1.0)
        connection.send(frame)

    with misbehaving(answer) as client, pytest.raises(PolicyAnswerInvalid):
        client.infer(observation())


@pytest.mark.parametrize("frame", [b"\xc1", msgpack.packb([1]), b"\x91" * 900 + b"\xc0", "text"])
def test_greeting_that_is_none_is_invalid(frame: str | bytes) -> None:
    with misbehaving(lambda connection: connection.send(frame)) as client, pytest.raises(PolicyAnswerInvalid):
        client.connect()


def test_frame_that_answers_no_request_ends_the_connection() -> None:
    sent = threading.Event()

    def chatter(connection: ServerConnection) -> None:
        greet(connection)
        connection.send(openpi.encode({"actions": np.zeros((30, 7))}))
        sent.set()
        connection.recv()

    with misbehaving(chatter) as client:
        client.connect()
        assert sent.wait(5.0)
        assert client._transport._connection is not None
        assert client._transport._connection.ping().wait(5.0)  # its answer comes after the frame
        with pytest.raises(PolicyAnswerInvalid, match="answers no request"):
            client.infer(observation())


def test_silent_server_times_out() -> None:
    def silent(connection: ServerConnection) -> None:
        for _ in connection:
            pass

    too_late = pytest.raises(PolicyTimeout, match=r"did not send its metadata in 0\.2 s")
    with misbehaving(silent, connect_s=0.2) as client, too_late:
        client.connect()


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("bytes_read", [0, 4096])
def test_server_that_hardly_reads_cannot_block_the_client(bytes_read: int, answered: bool) -> None:
    timed_out = threading.Event()

    def listen() -> None:
        with greeted(listener) as connection, suppress(ConnectionResetError):
            while not timed_out.wait(0.01):
                connection.recv(bytes_read)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        profile = profile_for(f"ws://127.0.0.1:{listener.getsockname()[1]}", must_declare=())
        profile = with_request(
            profile, images=tuple(dataclasses.replace(i, size=(1200, 1600)) for i in profile.request.images)
        )
        limits = Timeouts(5.0, *((60.0, 0.3) if answered else (0.3, 60.0)))
        thread = threading.Thread(target=listen)
        thread.start()
        with closing(make_client(dataclasses.replace(profile, timeouts=limits), UR5, StationClock())) as client:
            client.connect()
            client._answered = answered
            with pytest.raises(PolicyTimeout, match=r"did not take a request in 0\.3 s"):
                client.infer(observation())
        timed_out.set()
        thread.join()


def greeted(listener: socket.socket) -> socket.socket:
    """Accept a client and declare nothing to it."""
    connection, _ = listener.accept()
    protocol = ServerProtocol()
    while not (requests := list(protocol.events_received())):
        protocol.receive_data(connection.recv(4096))
    protocol.send_response(protocol.accept(requests[0]))
    protocol.send_binary(openpi.encode({}))
    for data in protocol.data_to_send():
        connection.sendall(data)
    return connection


def test_server_that_hangs_up_instead_of_answering_is_unreachable() -> None:
    def hang_up(connection: ServerConnection) -> None:
        greet(connection)
        connection.recv(timeout=1.0)

    with misbehaving(hang_up) as client, pytest.raises(PolicyUnreachable, match="closed the connection"):
        client.infer(observation())


def test_server_that_accepts_and_says_nothing_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        client = make_client(profile_for(url, connect_s=0.2), UR5, StationClock())
        with pytest.raises(PolicyUnreachable, match=r"did not connect within 0\.2 s"):
            client.connect()


def test_nobody_there() -> None:
    client = make_client(profile_for("ws://127.0.0.1:9"), UR5, FakeClock())
    with pytest.raises(PolicyUnreachable, match=r"ws://127\.0\.0\.1:9 cannot be reached"):
        client.connect()


@pytest.mark.parametrize("url", ["ws://127.0.0.1:99999", "ws://x:abc", "ws://[::1", "ws://.foo", "ws://"])
def test_what_is_no_url_is_unreachable(url: str) -> None:
    with pytest.raises(PolicyUnreachable, match="cannot be reached"):
        make_transport("websocket", Address(url)).open(1.0)


def test_server_that_is_no_websocket_is_unreachable() -> None:
    with PolicyServer(FakePolicy(), "127.0.0.1", 0, StationClock()) as server:
        client = make_client(profile_for(f"{server.url}/healthz"), UR5, FakeClock())
        with pytest.raises(PolicyUnreachable, match="HTTP 200"):
            client.connect()


def test_restarted_server_is_found_again() -> None:
    first = PolicyServer(FakePolicy(), "127.0.0.1", 0, StationClock())
    first.start()
    client = make_client(profile_for(first.url), UR5, StationClock())
    client.infer(observation())
    first.stop()
    port = int(first.url.rpartition(":")[2])
    with PolicyServer(FakePolicy(), "127.0.0.1", port, StationClock()):
        assert client.infer(observation(8)).actions[0, 0] == 8.0
        client.close()


def test_client_of_another_robot_is_refused() -> None:
    with pytest.raises(ConfigError, match="reply: columns"):
        make_client(with_columns(profile_for("ws://x"), ("joint1",)), UR5, FakeClock())


def test_timing_adds_up_connecting_included() -> None:
    clock = FakeClock()

    class SlowToGreet(FakePolicy):
        @property
        def metadata(self) -> Mapping[str, Any]:
            clock.advance_ns(300_000_000)
            return METADATA

        @metadata.setter
        def metadata(self, value: Mapping[str, Any]) -> None:
            pass

    with PolicyServer(SlowToGreet(), "127.0.0.1", 0, clock, inference_latency_ms=40.0) as server:
        client = make_client(profile_for(server.url), UR5, clock)
        reply = client.infer(observation())
        client.close()
    assert reply.timing_ms == pytest.approx(
        {"connect": 300.0, "prepare": 0.0, "encode": 0.0, "round_trip": 40.0, "decode": 0.0}
    )
    assert reply.server_infer_ms == pytest.approx(40.0)


def test_pictures_have_the_size_that_the_server_tells() -> None:
    policy = FakePolicy({**METADATA, "image_size": [12, 16]})
    images = (ImageInput({"all": "observation/{view}_image"}, size=(4, 4), size_from_metadata=True),)
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        profile = with_request(profile_for(server.url), images=images).for_robot(UR5)
        client = make_client(profile, UR5, StationClock())
        client.infer(observation())
        client.close()
    assert {policy.requests[0][f"observation/{view}_image"].shape for view in UR5.views} == {(12, 16, 3)}
