"""The ports of an emulated controller: they serve without waiting, whatever a client does."""

import selectors
import socket
from collections.abc import Callable, Iterator

import pytest
from loopback import own_address

from ros_wam.sim.emulators.tcp import Connection, TcpPort, serve

ADDRESS, PORT = own_address(), 40001


class EchoPort:
    """A port that sends back what it gets."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.port = TcpPort(self.selector, ADDRESS, PORT, self.accept)
        self.port.open()

    def accept(self, connection: Connection) -> Callable[[bytes], None]:
        return connection.send

    def connect(self) -> socket.socket:
        client = socket.create_connection((ADDRESS, PORT), 5.0)
        self.serve_until(lambda: len(self.port.connections) > 0)
        return client

    def serve_until(self, holds: Callable[[], bool]) -> None:
        for _ in range(100_000):
            serve(self.selector)
            if holds():
                return
        raise AssertionError("nothing happened")


@pytest.fixture
def echo() -> Iterator[EchoPort]:
    opened = EchoPort()
    yield opened
    opened.port.close()
    opened.selector.close()


def test_bytes_come_back(echo: EchoPort) -> None:
    with echo.connect() as client:
        client.setblocking(False)
        client.sendall(b"hello")
        received = b""

        def holds() -> bool:
            nonlocal received
            try:
                received += client.recv(100)
            except BlockingIOError:
                return False
            return received == b"hello"

        echo.serve_until(holds)


def test_what_a_slow_reader_does_not_take_is_kept_for_it(echo: EchoPort) -> None:
    with echo.connect() as client:
        client.setblocking(False)
        (connection,) = echo.port.connections
        pattern = bytes(range(256)) * 256
        sent = b""
        while not connection.has_unsent:
            connection.send(pattern)
            sent += pattern
        received = bytearray()

        def holds() -> bool:
            try:
                received.extend(client.recv(1 << 20))
            except BlockingIOError:
                return False
            return len(received) >= len(sent)

        echo.serve_until(holds)
        assert received == sent and not connection.closed


def test_a_client_that_never_reads_is_hung_up_on(echo: EchoPort) -> None:
    with echo.connect():
        (connection,) = echo.port.connections
        for _ in range(1000):
            connection.send(bytes(1 << 16))
        assert connection.closed


def test_a_client_that_leaves_is_forgotten_and_its_number_may_come_again(echo: EchoPort) -> None:
    for _ in range(3):
        echo.connect().close()
        (connection,) = echo.port.connections[-1:]
        echo.serve_until(lambda: connection.closed)  # noqa: B023
        echo.port.hang_up()


def test_a_connection_that_another_closes_is_not_served(echo: EchoPort) -> None:
    with echo.connect() as first, echo.connect() as second:
        echo.serve_until(lambda: len(echo.port.connections) == 2)
        for connection in echo.port.connections:
            connection.receive = lambda data: echo.port.hang_up()
        first.sendall(b"x")
        second.sendall(b"x")
        while len(echo.selector.select(5.0)) < 2:
            pass
        echo.serve_until(lambda: not echo.port.connections)


def test_closing_twice_and_opening_again(echo: EchoPort) -> None:
    echo.port.close()
    echo.port.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ADDRESS, PORT), 5.0)
    echo.port.open()
    echo.port.open()
    echo.connect().close()
