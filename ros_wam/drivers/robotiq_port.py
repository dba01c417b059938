"""The words of Robotiq's server on UR controllers: `GET VAR`, `SET VAR n …`; its `ack` has no line end."""

import socket
import threading
from collections.abc import Callable, Mapping

from ros_wam.errors import DriverError, DriverUnreachable, RobotStopped

RESET, ACTIVE = 0, 3
"""Values of STA."""
_POLL_S = 0.02
_REPLY_LIMIT = 256


class RobotiqPort:
    """One connection. Every call raises DriverError when there is no answer within `timeout_s`, or none that fits."""

    def __init__(self, address: str, port: int, timeout_s: float) -> None:
        """Connect; raises DriverUnreachable."""
        self._where = f"{address}:{port}"
        try:
            self._socket = socket.create_connection((address, port), timeout_s)
        except OSError as error:
            raise DriverUnreachable(f"no gripper server at {self._where}: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def get(self, name: str) -> int:
        """Return a variable; raises RobotStopped when the gripper has none to give (emergency stop)."""
        self._send(f"GET {name}\n")
        reply = self._receive(lambda received: received.find(b"\n") + 1)
        words = reply.decode("ascii", "replace").split()
        if words == [name, "?"]:
            raise RobotStopped(f"the gripper at {self._where} does not know its {name}: it has no power")
        if len(words) != 2 or words[0] != name or not words[1].isdigit():
            raise DriverError(f"the gripper server at {self._where} answered {reply!r} to 'GET {name}'")
        return int(words[1])

    def set(self, values: Mapping[str, int]) -> None:
        """Write variables at once."""
        request = "SET " + " ".join(f"{name} {value}" for name, value in values.items())
        self._send(request + "\n")
        reply = self._receive(lambda received: 3 if len(received) >= 3 else 0)
        if reply != b"ack":
            raise DriverError(f"the gripper server at {self._where} answered {reply!r} to {request!r}")

    def activate(self, timeout_s: float, cancelled: threading.Event) -> None:
        """Reset and activate the gripper, which opens and closes once."""
        for value, status in ((0, RESET), (1, ACTIVE)):
            self.set({"ACT": value})
            for _ in range(round(timeout_s / _POLL_S)):
                if self.get("STA") == status or cancelled.wait(_POLL_S):
                    break
            else:
                raise DriverError(f"the gripper at {self._where} has not STA {status} {timeout_s} s after ACT {value}")

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()

    def _send(self, text: str) -> None:
        try:
            self._socket.sendall(text.encode())
        except OSError as error:
            raise DriverError(f"the gripper server at {self._where} is gone: {error}") from error

    def _receive(self, length: Callable[[bytes], int]) -> bytes:
        """Return the next bytes as soon as `length` of what has come is not 0; some servers end an `ack` after all."""
        while True:
            self._received = self._received.lstrip()
            size = length(self._received)
            if size:
                reply, self._received = self._received[:size], self._received[size:]
                return reply
            try:
                data = self._socket.recv(_REPLY_LIMIT)
            except OSError as error:
                raise DriverError(f"the gripper server at {self._where} does not answer: {error}") from error
            if not data:
                raise DriverError(f"the gripper server at {self._where} hung up")
            self._received += data
