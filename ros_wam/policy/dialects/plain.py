"""Requests and answers as they are: openpi and most others."""

from collections.abc import Mapping
from typing import Any

from ros_wam.errors import ConfigError, PolicyAnswerInvalid, SpecError
from ros_wam.policy.codecs.codec import Codec
from ros_wam.policy.dialects.dialect import Exchange
from ros_wam.policy.dialects.error_answers import refuse_error, refuse_error_frame


class PlainDialect:
    """See Dialect. A server that speaks first states its metadata; another states none."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def greet(self, greeting: bytes | str | None, exchange: Exchange) -> Mapping[str, Any]:
        """See Dialect."""
        if greeting is None:
            return {}
        metadata = self._value(refuse_error_frame(greeting))
        if not isinstance(metadata, Mapping):
            raise PolicyAnswerInvalid(f"metadata is of type {type(metadata).__name__}, must be a map")
        return metadata

    def encode(self, request: Mapping[str, Any]) -> bytes:
        """See Dialect."""
        return self._codec.encode(dict(request))

    def decode(self, data: bytes | str) -> Any:
        """See Dialect."""
        return refuse_error(self._value(refuse_error_frame(data)))

    def reset(self, request: Mapping[str, Any], endpoint: str, expected: str | None, exchange: Exchange) -> None:
        """See Dialect."""
        answer = exchange(self.encode(request), endpoint)
        if expected is None or answer != expected:
            self.decode(answer)

    def _value(self, data: bytes) -> Any:
        try:
            return self._codec.decode(data)
        except SpecError as error:
            raise PolicyAnswerInvalid(str(error)) from error


def make_dialect(codec: Codec, setup: Mapping[str, Any]) -> PlainDialect:
    """Return the dialect; it takes no set-up."""
    if setup:
        raise ConfigError(f"setup is {dict(setup)!r}, must be left out: the dialect plain takes none")
    return PlainDialect(codec)
