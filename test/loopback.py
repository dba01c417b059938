"""Loopback addresses that no other test, and no other run of the tests, listens on."""

import os
from itertools import count

_hosts = count(1)


def own_address() -> str:
    """Return a new address in a network of this process."""
    return f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 256}.{next(_hosts)}"
