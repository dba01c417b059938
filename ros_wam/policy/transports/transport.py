"""The seam to a transport: one file each, with a `make_transport`."""

import importlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from ros_wam.errors import ConfigError

TRANSPORTS = {
    "websocket": "ros_wam.policy.transports.websocket",
    "http_post": "ros_wam.policy.transports.http_post",
    "zmq_request": "ros_wam.policy.transports.zmq_request",
    "lerobot_grpc": "ros_wam.policy.transports.lerobot_grpc",
}
SCHEMES = {
    "websocket": ("ws", "wss"),
    "http_post": ("http", "https"),
    "zmq_request": ("tcp",),
    "lerobot_grpc": ("grpc", "grpcs"),
}


@dataclass(frozen=True)
class Address:
    """Where a server is, and what it wants to see of its clients.

    `headers` hold secrets: never part of a message. `ca_file`: the certificate to trust, None for the system's.
    `content_type`: of what is sent, for HTTP.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    content_type: str = "application/octet-stream"


def tls_context(address: Address) -> ssl.SSLContext:
    """Return what verifies a server's certificate and name; raises ConfigError where `ca_file` holds none."""
    try:
        return ssl.create_default_context(cafile=address.ca_file)
    except OSError as error:
        raise ConfigError(f"ca_file {address.ca_file} cannot be used: {error}") from error


class Transport(Protocol):
    """A connection, owned by one thread. Every call ends in the time it is given, and raises PolicyError.

    PolicyUnreachable: no connection, or it was closed. PolicyTimeout: no answer in time. PolicyAnswerInvalid: more than
    MAX_MESSAGE_BYTES, an answer that nothing asked for, or a status that is an error. After any of them `close` it, so
    that no late answer is taken for another.
    """

    @property
    def is_open(self) -> bool:
        """Whether it is connected, as far as is known without asking."""
        ...

    def open(self, timeout_s: float) -> bytes | str | None:
        """Connect; return what the server says first, None where it does not speak first."""
        ...

    def exchange(self, request: bytes, timeout_s: float, endpoint: str = "") -> bytes | str:
        """Send a request and return its answer; text where the wire tells text from bytes.

        `endpoint`: what is called, where that is part of the wire; empty for the call that asks for actions.
        """
        ...

    def close(self) -> None:
        """Disconnect; may be called twice and does not raise."""
        ...


class _Module(Protocol):
    def make_transport(self, address: Address) -> Transport: ...


def make_transport(name: str, address: Address) -> Transport:
    """Return the unconnected transport `name` of TRANSPORTS."""
    return cast(_Module, importlib.import_module(TRANSPORTS[name])).make_transport(address)
