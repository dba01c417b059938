"""The dashboard without a library, and every way in which it may not answer."""

import socket
import threading
from collections.abc import Iterator

import pytest
from loopback import own_address

from ros_wam.drivers import ur_dashboard
from ros_wam.drivers.ur5 import last_resort_stop
from ros_wam.errors import ConfigError, DriverError, DriverUnreachable


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server((own_address(), ur_dashboard.PORT)) as server:
        yield server


def answer(listener: socket.socket, *lines: bytes) -> list[bytes]:
    """Serve one client in a thread; returns what it asked, filled while it asks."""
    asked: list[bytes] = []

    def serve() -> None:
        client, _ = listener.accept()
        with client, client.makefile("rb") as reader:
            client.sendall(b"Connected: Universal Robots Dashboard Server\n")
            for line in lines:
                asked.append(reader.readline())
                client.sendall(line)

    threading.Thread(target=serve, daemon=True).start()
    return asked


def test_every_command_gets_its_answer(listener: socket.socket) -> None:
    asked = answer(listener, b"Program running: false\n", b"Stopped\n")
    answers = ur_dashboard.ask(listener.getsockname()[0], ["running", "stop"])
    assert answers == ["Program running: false", "Stopped"]
    assert asked == [b"running\n", b"stop\n"]


def test_last_resort_stop_stops_the_program(listener: socket.socket) -> None:
    asked = answer(listener, b"Stopped\n")
    last_resort_stop({"address": listener.getsockname()[0]})
    assert asked == [b"stop\n"]


def test_last_resort_stop_tells_a_refusal(listener: socket.socket) -> None:
    answer(listener, b"Failed to execute: stop\n")
    with pytest.raises(DriverError, match="answered 'Failed to execute: stop' to 'stop'"):
        last_resort_stop({"address": listener.getsockname()[0]})


def test_silence_is_told_with_address_and_port(listener: socket.socket) -> None:
    address = listener.getsockname()[0]
    with pytest.raises(DriverError, match=rf"{address}:29999 does not answer"):
        ur_dashboard.ask(address, ["stop"], timeout_s=0.05)


def test_an_empty_answer_and_an_end_are_told(listener: socket.socket) -> None:
    answer(listener, b"\n")
    with pytest.raises(DriverError, match="answers nothing to 'stop'"):
        ur_dashboard.stop_program(listener.getsockname()[0])
    answer(listener)
    with pytest.raises(DriverError, match=r"answers nothing to 'stop'|does not answer"):  # or the line breaks first
        ur_dashboard.stop_program(listener.getsockname()[0])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"URSoftware 3.15.8.106339 (Mar 06 2022)\n", "URSoftware 3.15.8.106339 (Mar 06 2022)"),
        (b'could not understand: "PolyscopeVersion"\n', "not told"),
    ],
)
def test_the_version_is_what_looks_like_one(listener: socket.socket, line: bytes, told: str) -> None:
    asked = answer(listener, line)
    assert ur_dashboard.version(listener.getsockname()[0]) == told
    assert asked == [b"PolyscopeVersion\n"]


def test_absence_is_told_with_address_and_port() -> None:
    address = own_address()
    with pytest.raises(DriverUnreachable, match=f"{address}:29999"):
        ur_dashboard.stop_program(address)


def test_last_resort_stop_needs_an_address() -> None:
    with pytest.raises(ConfigError, match="missing key address"):
        last_resort_stop({})
