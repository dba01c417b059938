"""The ZeroMQ transport against sockets that answer, misbehave and die."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import zmq

from ros_wam.errors import ConfigError, PolicyAnswerInvalid, PolicyTimeout, PolicyUnreachable
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.transports.transport import Address
from ros_wam.policy.transports.zmq_request import ZmqRequestTransport, make_transport

ANY = "tcp://127.0.0.1:*"


@contextmanager
def router(url: str = ANY) -> Iterator[zmq.Socket]:
    """A ROUTER socket: its messages are [client, number, b"", content], and it may send as many as it likes."""
    context = zmq.Context()
    server = context.socket(zmq.ROUTER)
    server.setsockopt(zmq.RCVTIMEO, 3000)
    server.bind(url)
    try:
        yield server
    finally:
        context.destroy(linger=0)


@pytest.fixture
def client() -> Iterator[Callable[[zmq.Socket], ZmqRequestTransport]]:
    made = []

    def connected(server: zmq.Socket) -> ZmqRequestTransport:
        made.append(make_transport(Address(server.getsockopt_string(zmq.LAST_ENDPOINT))))
        made[-1].open(2.0)
        return made[-1]

    yield connected
    for transport in made:
        transport.close()


def answering(server: zmq.Socket, *answers: list[bytes]) -> threading.Thread:
    """Take one request and send these answers to it."""

    def work() -> None:
        *envelope, content = server.recv_multipart()
        if content == b"unheard":  # it may have come before the connection was cut
            *envelope, _ = server.recv_multipart()
        for answer in answers:
            server.send_multipart([*envelope, *answer])

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_an_answer_comes_back(client) -> None:
    with router() as server:
        transport = client(server)
        assert transport.is_open
        for content in (b"one", b"", b"\0" * 300_000):
            thread = answering(server, [content])
            assert transport.exchange(b"?", 2.0) == content
            thread.join()


def test_late_answer_is_never_taken_for_a_new_one(client) -> None:
    with router() as server:
        transport = client(server)
        with pytest.raises(PolicyTimeout, match=r"did not send an answer in 0\.05 s"):
            transport.exchange(b"first", 0.05)
        *envelope, _ = server.recv_multipart()
        transport.close()
        transport.open(2.0)
        server.send_multipart([*envelope, b"late"])
        thread = answering(server, [b"second"])
        assert transport.exchange(b"second", 2.0) == b"second"
        thread.join()


def test_second_answer_to_a_request_answers_nothing(client) -> None:
    with router() as server:
        transport = client(server)
        thread = answering(server, [b"first"], [b"again"], [b"again"])
        assert transport.exchange(b"?", 2.0) == b"first"
        thread.join()
        with pytest.raises((PolicyAnswerInvalid, PolicyUnreachable), match=r"answers nothing|to no request"):
            transport.exchange(b"unheard", 2.0)
        transport.open(2.0)
        thread = answering(server, [b"second"])
        assert transport.exchange(b"?", 2.0) == b"second"
        thread.join()


def test_answer_with_another_number_is_invalid(client) -> None:
    with router() as server:
        transport = client(server)

        def work() -> None:
            who, number, empty, _ = server.recv_multipart()
            server.send_multipart([who, bytes(255 - byte for byte in number), empty, b"another's"])

        thread = threading.Thread(target=work)
        thread.start()
        with pytest.raises(PolicyAnswerInvalid, match="to no request"):
            transport.exchange(b"?", 2.0)
        thread.join()


def test_answer_in_two_frames_is_invalid(client) -> None:
    with router() as server:
        transport = client(server)
        thread = answering(server, [b"one", b"two"])
        with pytest.raises(PolicyAnswerInvalid, match="in 2 frames"):
            transport.exchange(b"?", 2.0)
        thread.join()


def test_dead_server_is_known_at_once_and_found_again(client) -> None:
    with router() as server:
        transport = client(server)
        url = server.getsockopt_string(zmq.LAST_ENDPOINT)
        thread = threading.Thread(target=lambda: (server.recv_multipart(), server.close(0)))
        thread.start()
        with pytest.raises(PolicyUnreachable, match="closed the connection"):
            transport.exchange(b"?", 60.0)
        thread.join()
        assert not transport.is_open
        with pytest.raises(PolicyUnreachable):
            transport.exchange(b"?", 60.0)
        with pytest.raises(PolicyUnreachable, match="nobody is there"):
            transport.open(2.0)
    with router(url) as server:
        transport.open(2.0)
        thread = answering(server, [b"here"])
        assert transport.exchange(b"?", 2.0) == b"here"
        thread.join()


def zmtp(connection: socket.socket) -> None:
    """Shake hands as a REP socket of ZMTP 3.0 does, by hand: https://rfc.zeromq.org/spec/23/"""
    connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
    ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 3) + b"REP"
    connection.sendall(bytes([4, len(ready)]) + ready)


def asked(connection: socket.socket) -> None:
    """Shake hands and take the request."""
    zmtp(connection)
    received = b""
    while not received.endswith(b"question"):
        received += connection.recv(4096)
    number = received[-14:-10]
    connection.sendall(b"\x01\x04" + number + b"\x01\0")


@contextmanager
def by_hand(behaviour: Callable[[socket.socket], None]) -> Iterator[ZmqRequestTransport]:
    """A client of a server that does `behaviour` to its connection, and keeps it until the end."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection = listener.accept()[0]
            with connection:
                behaviour(connection)
                done.wait(5.0)

        thread = threading.Thread(target=serve)
        thread.start()
        transport = make_transport(Address(f"tcp://127.0.0.1:{listener.getsockname()[1]}"))
        try:
            yield transport
        finally:
            transport.close()
            done.set()
            thread.join()


def test_answer_that_says_it_is_too_large_is_refused_before_it_comes() -> None:
    def boast(connection: socket.socket) -> None:
        asked(connection)
        connection.sendall(b"\x02" + struct.pack(">Q", MAX_MESSAGE_BYTES + 1))

    with by_hand(boast) as transport:
        transport.open(2.0)
        with pytest.raises(PolicyUnreachable, match=f"more than {MAX_MESSAGE_BYTES}"):
            transport.exchange(b"question", 5.0)


def test_answer_that_trickles_gets_no_more_time() -> None:
    with by_hand(lambda connection: (asked(connection), connection.sendall(b"\0\x40abc"))) as transport:
        transport.open(2.0)
        with pytest.raises(PolicyTimeout):
            transport.exchange(b"question", 0.1)


def test_server_that_says_nothing_is_unreachable() -> None:
    with (
        by_hand(lambda connection: None) as transport,
        pytest.raises(PolicyUnreachable, match=r"did not connect within 0\.1 s"),
    ):
        transport.open(0.1)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "did not connect within"),
        (b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"X" * 52, "speaks no ZeroMQ"),
    ],
    ids=["http", "no mechanism"],
)
def test_server_that_speaks_another_protocol_is_unreachable(said, told) -> None:
    with (
        by_hand(lambda connection: connection.sendall(said)) as transport,
        pytest.raises(PolicyUnreachable, match=told),
    ):
        transport.open(0.2)


@pytest.mark.parametrize("url", ["tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:99999"])
def test_what_is_no_address_is_unreachable(url) -> None:
    transport = make_transport(Address(url))
    with pytest.raises(PolicyUnreachable, match="cannot be reached"):
        transport.open(2.0)
    transport.close()


def test_transport_that_is_not_open_says_so() -> None:
    transport = make_transport(Address("tcp://127.0.0.1:1"))
    assert not transport.is_open
    transport.close()
    with pytest.raises(PolicyUnreachable, match="not connected"):
        transport.exchange(b"?", 1.0)


def test_headers_have_no_place_here() -> None:
    with pytest.raises(ConfigError, match="ZeroMQ"):
        make_transport(Address("tcp://127.0.0.1:1", {"Authorization": "x"}))
