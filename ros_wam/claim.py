"""What only one run on this machine may have at a time: its ROS domain, its loopback address, its robot."""

import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

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
            name.bind(f"\0ros_wam_{kind}_{value[-80:]}")  # an abstract name, of 107 bytes: the kernel gives it back
        except OSError:
            name.close()
            continue
        return Claim(value, name)
    raise ConfigError(f"no {kind} is free on this machine: too many simulations are running")


def endpoints(settings: Mapping[str, Any]) -> list[str]:
    """Return where a station file's `robot` mapping says that the robot is: its address, its interface or its ports."""
    named = [settings[key] for key in ("address", "interface", "ports") if key in settings]
    return [str(place) for item in named for place in (item.values() if isinstance(item, dict) else [item])]


def claim_robot(settings: Mapping[str, Any]) -> Iterator[Claim]:
    """Claim each of the robot's endpoints, a device by whatever name; raises ConfigError.

    Not every vendor's library minds a second program that is connected to the same robot.
    """
    for place in endpoints(settings):
        try:
            yield claim("robot", [os.path.realpath(place) if place.startswith("/") else place])
        except ConfigError as error:
            raise ConfigError(f"another run on this machine has the robot at {place}: end that first") from error
