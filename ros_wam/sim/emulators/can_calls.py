"""The system calls that open a CAN socket, as the kernel numbers them."""

from typing import NamedTuple

AF_CAN = 29
SIOCGIFINDEX = 0x8933
SOCKADDR_CAN_BYTES = (16, 24)
"""Before and since the kernel knows J1939."""


class Machine(NamedTuple):
    """An architecture as the kernel names it, and the numbers of its system calls."""

    audit: int
    seccomp: int
    socket: int
    bind: int
    ioctl: int


MACHINES = {
    "x86_64": Machine(0xC000003E, 317, 41, 49, 16),
    "aarch64": Machine(0xC00000B7, 277, 198, 200, 29),
}
