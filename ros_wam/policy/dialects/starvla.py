"""StarVLA's envelope, and that of what was built on it: a request with its type and id, an answer with the same id."""

from collections.abc import Mapping
from typing import Any

from ros_wam.errors import ConfigError, PolicyAnswerInvalid
from ros_wam.policy.codecs.codec import Codec
from ros_wam.policy.dialects.plain import PlainDialect


class StarvlaDialect(PlainDialect):
    """See Dialect. What the server answers a request is in the answer's `data`."""

    def __init__(self, codec: Codec) -> None:
        super().__init__(codec)
        self._sent = 0

    def encode(self, request: Mapping[str, Any]) -> bytes:
        """See Dialect."""
        self._sent += 1
        return super().encode({"type": "infer", "request_id": str(self._sent), "payload": dict(request)})

    def decode(self, data: bytes | str) -> Any:
        """See Dialect; an answer to another request is none."""
        answer = super().decode(data)
        answered = answer.get("request_id") if isinstance(answer, Mapping) else None
        if answered != str(self._sent):
            told = repr(answered)[:40]
            raise PolicyAnswerInvalid(f"the answer is to request {told}, not to {str(self._sent)!r}")
        return answer


def make_dialect(codec: Codec, setup: Mapping[str, Any]) -> StarvlaDialect:
    """Return the dialect; it takes no set-up."""
    if setup:
        raise ConfigError(f"setup is {dict(setup)!r}, must be left out: the dialect starvla takes none")
    return StarvlaDialect(codec)
