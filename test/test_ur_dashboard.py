"""The dashboard client against servers that answer, refuse, hang up and keep silent."""

import socket
import threading
from collections.abc import Callable

import pytest
from loopback import own_address

from ros_wam.drivers import ur_dashboard
from ros_wam.errors import DriverError, DriverUnreachable


def serve(address: str, serve_one: Callable[[socket.socket], None]) -> threading.Thread:
    listener = socket.create_server((address, ur_dashboard.PORT))

    def run() -> None:
        with listener:
            peer, _ = listener.accept()
            with peer:
                serve_one(peer)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_each_command_gets_its_answer() -> None:
    def echo(peer: socket.socket) -> None:
        peer.sendall(b"Connected: Universal Robots Dashboard Server\n")
        with peer.makefile("rb") as lines:
            for line in lines:
                peer.sendall(b"heard " + line)

    address = own_address()
    thread = serve(address, echo)
    assert ur_dashboard.ask(address, ["one", "two"]) == ["heard one", "heard two"]
    thread.join()


def test_a_refusal_to_stop_is_an_error_that_quotes_it() -> None:
    def refuse(peer: socket.socket) -> None:
        peer.sendall(b"hello\n")
        peer.recv(100)
        peer.sendall(b"Failed to execute: stop\n")

    address = own_address()
    thread = serve(address, refuse)
    with pytest.raises(DriverError, match=r"Failed to execute.*'stop'"):
        ur_dashboard.stop_program(address)
    thread.join()


def test_silence_is_an_error_within_the_timeout() -> None:
    quiet = threading.Event()
    address = own_address()
    thread = serve(address, lambda peer: (peer.recv(1), quiet.wait(10.0))[0] and None)
    with pytest.raises(DriverError, match="does not answer"):
        ur_dashboard.ask(address, ["stop"], timeout_s=0.1)
    quiet.set()
    thread.join()


def test_hanging_up_is_an_error() -> None:
    address = own_address()
    thread = serve(address, lambda peer: None)
    with pytest.raises(DriverError):
        ur_dashboard.stop_program(address)
    thread.join()


def test_nobody_there_is_unreachable_with_address_and_port() -> None:
    address = own_address()
    with pytest.raises(DriverUnreachable, match=f"{address}:{ur_dashboard.PORT}"):
        ur_dashboard.stop_program(address)
