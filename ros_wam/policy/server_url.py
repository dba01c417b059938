"""The `url` of a profile: what is wrong with it is told when it is read, and never shows what is secret."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from ros_wam.errors import ConfigError

DEFAULT_PORTS = ("ws", "wss", "http", "https")
"""Schemes that have one."""
_FORM = "SCHEME://HOST:PORT, the port up to 65535"


def check_url(url: str, schemes: Iterable[str], where: str) -> None:
    """Raise ConfigError unless `url` has one of `schemes`, a host, and a port where the scheme has none of its own.

    A URL is part of messages and records, so that it may hold no password.
    """
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError as error:  # its own words may hold what is secret
        raise ConfigError(f"{where} is {_shown(url)!r}, must be {_FORM}") from error
    if "@" in address.netloc:
        raise ConfigError(f"{where} is {_shown(url)!r}, must hold no name and password: a header may, see `headers`")
    starts = tuple(f"{scheme}://" for scheme in schemes)
    if not url.startswith(starts):
        raise ConfigError(f"{where} is {url!r}, must be a URL that starts with {' or '.join(starts)}")
    reachable = address.hostname and (port is not None or address.scheme in DEFAULT_PORTS)
    if not reachable or any(letter.isspace() for letter in url):
        raise ConfigError(f"{where} is {url!r}, must be {_FORM}")


def _shown(url: str) -> str:
    """Return `url` without what is before the host."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
