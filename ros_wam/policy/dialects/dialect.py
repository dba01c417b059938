"""The seam to a dialect: how a server is greeted, and what it wraps its requests and answers in."""

import importlib
from collections.abc import Mapping
from typing import Any, Protocol, cast

from ros_wam.policy.codecs.codec import Codec

DIALECTS = {
    name: f"ros_wam.policy.dialects.{name}"
    for name in (
        "plain",
        "lerobot",
        "starvla",
        "gr00t",
        "metadata_endpoint",
        "dreamzero_sglang",
    )
}


class Exchange(Protocol):
    """A request and its endpoint to its answer, in the time there is to connect; raises PolicyError."""

    def __call__(self, request: bytes, endpoint: str, slow: bool = False) -> bytes | str:
        """`slow`: in the time there is for a first answer, because the server loads or compiles something now."""
        ...


class Dialect(Protocol):
    """Keeps what a connection needs. Raises PolicyAnswerInvalid for what is no answer, a server's error included."""

    def greet(self, greeting: bytes | str | None, exchange: Exchange) -> Mapping[str, Any]:
        """Begin a connection, and return the server's metadata under our names as far as it declares them."""
        ...

    def encode(self, request: Mapping[str, Any]) -> bytes:
        """Return the request for actions as bytes; raises SpecError."""
        ...

    def decode(self, data: bytes | str) -> Any:
        """Return the answer to a request for actions, in which the profile's reply finds them."""
        ...

    def reset(self, request: Mapping[str, Any], endpoint: str, expected: str | None, exchange: Exchange) -> None:
        """Send what begins an episode; a text that answers it has to be `expected`."""
        ...


class _Module(Protocol):
    def make_dialect(self, codec: Codec, setup: Mapping[str, Any]) -> Dialect: ...


def make_dialect(name: str, codec: Codec, setup: Mapping[str, Any]) -> Dialect:
    """Return the dialect `name` of DIALECTS; `setup` is the profile's, raises ConfigError where it is wrong."""
    return cast(_Module, importlib.import_module(DIALECTS[name])).make_dialect(codec, setup)
