"""Where a run's operator page is served, and what it asks of a browser: found before anything is started."""

import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Collection
from dataclasses import dataclass

from ros_wam.errors import ConfigError
from ros_wam.request import Request

TOKEN_VARIABLE = "ROS_WAM_DESK_TOKEN"
MIN_TOKEN = 8
_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")


@dataclass(frozen=True)
class DeskAccess:
    """`token` is None where none is asked for: on the loopback address, unless the user's environment has one."""

    host: str
    port: int
    token: str | None

    @property
    def url(self) -> str:
        """What a browser opens; with the token, so it is shown to the operator alone."""
        host = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}/" + ("" if self.token is None else f"?token={self.token}")

    @property
    def environment(self) -> dict[str, str]:
        """What `desk_node` gets: never in the configuration, which is copied beside every bag."""
        return {} if self.token is None else {TOKEN_VARIABLE: self.token}


def desk_access(request: Request, parts: Collection[str]) -> DeskAccess | None:
    """Return where the page of a run is served, None where it has none; raises ConfigError when it cannot be there.

    A real station, an operator and a device that teleoperates have one, and whoever asks for its port. A port of 0 is
    one that is free.
    """
    wanted = not request.sim or request.operator or request.device is not None or request.desk_port
    if "desk" not in parts or not wanted:
        return None
    port = _free_port(request.desk_host, request.desk_port)
    token = os.environ.get(TOKEN_VARIABLE) or (None if is_loopback(request.desk_host) else secrets.token_urlsafe(16))
    return DeskAccess(request.desk_host, port, required_token(request.desk_host, token))


def required_token(host: str, token: str | None) -> str | None:
    """Return the token that a desk at `host` asks for; raises ConfigError when one is due and there is none, and for
    one that is short, or that an address or a header cannot hold.
    """
    if not token:
        if is_loopback(host):
            return None
        raise ConfigError(f"a desk at {host} is open to the network: it needs a token in {TOKEN_VARIABLE}")
    if len(token) < MIN_TOKEN:
        raise ConfigError(f"{TOKEN_VARIABLE} has {len(token)} characters, must have {MIN_TOKEN} or more")
    if _TOKEN.fullmatch(token) is None:
        raise ConfigError(f"{TOKEN_VARIABLE} must be of letters A-Z a-z, digits and - . _ ~")
    return token


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches what is served at `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _free_port(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as what will serve there does
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ConfigError(f"the operator's page cannot be served at {host} port {port}: {error}") from error
        return int(probe.getsockname()[1])
