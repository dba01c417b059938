"""The dashboard server of UR controllers (TCP 29999): one line asked, one answered. No vendor library."""

import re
import socket
from collections.abc import Sequence

from ros_wam.errors import DriverError, DriverUnreachable

PORT = 29999
TIMEOUT_S = 1.0
_LINE_LIMIT = 4096
_VERSION = re.compile(r"\d+\.\d+")


def ask(address: str, commands: Sequence[str], timeout_s: float = TIMEOUT_S) -> list[str]:
    """Return the controller's answer to each of `commands`; raises DriverUnreachable or DriverError."""
    try:
        connection = socket.create_connection((address, PORT), timeout_s)
    except OSError as error:
        raise DriverUnreachable(f"no dashboard server at {address}:{PORT}: {error}") from error
    with connection, connection.makefile("rb") as lines:
        try:
            lines.readline(_LINE_LIMIT)  # the greeting
            answers = []
            for command in commands:
                connection.sendall(f"{command}\n".encode())
                answer = lines.readline(_LINE_LIMIT).decode(errors="replace").strip()
                if not answer:
                    raise DriverError(f"the dashboard server at {address}:{PORT} answers nothing to {command!r}")
                answers.append(answer)
        except OSError as error:
            raise DriverError(f"the dashboard server at {address}:{PORT} does not answer: {error}") from error
    return answers


def version(address: str) -> str:
    """Return PolyScope's version as the controller tells it, or `not told`; raises DriverUnreachable or DriverError."""
    (answer,) = ask(address, ["PolyscopeVersion"])
    return answer if _VERSION.search(answer) else "not told"


def stop_program(address: str) -> None:
    """Stop the running program, and with it the robot; raises DriverUnreachable or DriverError."""
    (answer,) = ask(address, ["stop"])
    if answer != "Stopped":
        raise DriverError(f"the dashboard server at {address}:{PORT} answered {answer!r} to 'stop'")
