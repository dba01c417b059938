"""Servers that do not speak first, and state their metadata, in JSON, where they are asked for it: SGLang, GR00T N1.5.

The profile's `setup` names the endpoint: `metadata: GET /v1/actions/metadata`.
"""

from collections.abc import Mapping
from typing import Any

from ros_wam.errors import ConfigError, PolicyAnswerInvalid, SpecError
from ros_wam.policy.codecs import json_plain
from ros_wam.policy.codecs.codec import Codec
from ros_wam.policy.dialects.dialect import Exchange
from ros_wam.policy.dialects.error_answers import refuse_error, refuse_error_frame
from ros_wam.policy.dialects.plain import PlainDialect


class MetadataEndpointDialect(PlainDialect):
    """See Dialect."""

    def __init__(self, codec: Codec, endpoint: str) -> None:
        super().__init__(codec)
        self._endpoint = endpoint

    def greet(self, greeting: bytes | str | None, exchange: Exchange) -> Mapping[str, Any]:
        """See Dialect."""
        try:
            metadata = refuse_error(json_plain.decode(refuse_error_frame(exchange(b"", self._endpoint))))
        except SpecError as error:
            raise PolicyAnswerInvalid(f"metadata: {error}") from error
        if not isinstance(metadata, Mapping):
            raise PolicyAnswerInvalid(f"metadata is of type {type(metadata).__name__}, must be a map")
        return metadata


def make_dialect(codec: Codec, setup: Mapping[str, Any]) -> MetadataEndpointDialect:
    """Return the dialect; `setup` names the endpoint."""
    if set(setup) != {"metadata"} or not isinstance(setup["metadata"], str):
        told = "the endpoint of the metadata and nothing else, such as `metadata: GET /metadata`"
        raise ConfigError(f"setup is {dict(setup)!r}, must be {told}")
    return MetadataEndpointDialect(codec, setup["metadata"])
