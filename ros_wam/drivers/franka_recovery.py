"""Ends the reflex of an FR3 that franky cannot connect to.

Its constructor sets the collision behaviour, which a robot refuses that is not idle; and a robot whose client died in
motion stops by reflex. So these two requests are made without it, as libfranka makes them (libfranka-common,
research_interface/robot/service_types.h, version 10; other versions number them otherwise).
"""

import contextlib
import socket
import struct

from ros_wam.errors import DriverError

FCI_PORT, FCI_VERSION = 1337, 10
CONNECT_TIMEOUT_S = 3.0
_HEADER = struct.Struct("<III")
_CONNECT, _AUTOMATIC_ERROR_RECOVERY = 0, 10
_REFUSALS = {
    1: "error recovery is not possible in its present mode",
    2: "a safety function is active (user stop?)",
    3: "the recovery has to be done by hand, in Desk",
}


def end_reflex(address: str, timeout_s: float) -> None:
    """Have the robot recover, without moving, within `timeout_s`; raises DriverError."""
    try:
        with contextlib.ExitStack() as stack:
            tcp = stack.enter_context(socket.create_connection((address, FCI_PORT), CONNECT_TIMEOUT_S))
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.bind(("", 0))  # states come here, unread
            _ask(tcp, _CONNECT, struct.pack("<HH", FCI_VERSION, udp.getsockname()[1]))
            tcp.settimeout(timeout_s)
            status = _ask(tcp, _AUTOMATIC_ERROR_RECOVERY, b"")
    except OSError as error:
        raise DriverError(f"{address} does not answer the recovery: {error}") from error
    if status:
        raise DriverError(f"{address} does not recover: {_REFUSALS.get(status, f'answer {status}')}")


def _ask(tcp: socket.socket, command: int, payload: bytes) -> int:
    """Return the status that the request is answered with; raises OSError."""
    tcp.sendall(_HEADER.pack(command, command, _HEADER.size + len(payload)) + payload)
    *_, size = _HEADER.unpack(_exactly(tcp, _HEADER.size))
    return _exactly(tcp, size - _HEADER.size)[0]


def _exactly(tcp: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = tcp.recv(size - len(data))
        if not more:
            raise ConnectionError("it hung up")
        data += more
    return data
