"""What only one run on this machine may have at a time: its ROS domain, its loopback address."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from ros_wam.errors import ConfigError


@dataclass(frozen=True)
class Claim:
    """A value that is ours until `close`, or until this process ends."""

    value: str
    _name: socket.socket = field(repr=False)

    def close(self) -> None:
        """Give the value back. Repeatable."""
        self._name.close()


def claim(kind: str, values: Iterable[str]) -> Claim:
    """Return the first of `values` that nobody has claimed; raises ConfigError when there is none."""
    for value in values:
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            name.bind(f"\0ros_wam_{kind}_{value}")  # an abstract name: the kernel gives it back
        except OSError:
            name.close()
            continue
        return Claim(value, name)
    raise ConfigError(f"no {kind} is free on this machine: too many simulations are running")
