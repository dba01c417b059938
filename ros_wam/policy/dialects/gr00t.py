"""NVIDIA GR00T's inference service, every release: a map with an endpoint, and an answer that tells the release.

Source: Isaac-GR00T, gr00t/eval/service.py (N1, N1.5) and gr00t/policy/server_client.py (N1.6 and later). The endpoint
that stops the server, `kill`, has no place here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ros_wam.config import build
from ros_wam.errors import PolicyAnswerInvalid, SpecError
from ros_wam.policy.codecs import gr00t_npy, msgpack_numpy, torch_arrays
from ros_wam.policy.codecs.codec import Codec
from ros_wam.policy.dialects.dialect import Exchange
from ros_wam.policy.dialects.error_answers import refuse_error, refuse_error_frame
from ros_wam.policy.dialects.gr00t_modality import declarations, marked
from ros_wam.policy.secret import resolved

_LANGUAGE = "language"


@dataclass(frozen=True)
class Gr00tSetup:
    """`api_token`: where the server asks for one; `${VARIABLE}` is the environment's. `sim_policy_wrapper`: the server
    was started with it, as N1.6's for DROID has to be.
    """

    api_token: str | None = None
    sim_policy_wrapper: bool = False


@dataclass(frozen=True)
class _Release:
    """How one release writes arrays, what it makes of our request, and whether it knows the endpoint `reset`."""

    codec: Codec
    data: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    has_reset: bool = True


class Gr00tDialect:
    """See Dialect. A request has the maps `video`, `state` and `language`, and an answer is a map of `(1, T, D)`.

    That is N1.6's form; for those before it is flattened: `video.<key>` without the axis of the batch.
    """

    def __init__(self, codec: Codec, setup: Gr00tSetup, token: str | None) -> None:
        """`codec` is for a server of N1.6's form that does not tell how it writes arrays."""
        nested = _in_wrapper if setup.sim_policy_wrapper else _nested
        self._n1 = _Release(torch_arrays, _flat, has_reset=False)
        self._n1_5 = _Release(gr00t_npy, _flat, has_reset=False)
        self._n1_6, self._main = _Release(gr00t_npy, nested), _Release(msgpack_numpy, nested)
        self._release = self._other = _Release(codec, nested)
        self._token = {} if token is None else {"api_token": token}

    def greet(self, greeting: bytes | str | None, exchange: Exchange) -> Mapping[str, Any]:
        """See Dialect. Every release but N1 answers a ping that is msgpack; N1 declares a pickled class: unread."""
        self._release = self._main
        pong = exchange(self._message("ping"), "")
        if pong == b"ERROR":
            self._release = self._n1
            self._value(exchange(self._message("ping"), ""))
            return {}
        self._value(pong)
        config = self._value(exchange(self._message("get_modality_config"), ""))
        self._release = {
            "__ModalityConfig__": self._main,
            "__ModalityConfig_class__": self._n1_6,
            "as text": self._n1_5,
            None: self._other,
        }[marked(config)]
        return declarations(config)

    def encode(self, request: Mapping[str, Any]) -> bytes:
        """See Dialect."""
        return self._message("get_action", data=self._release.data(request))

    def decode(self, data: bytes | str) -> Any:
        """See Dialect. From N1.6 on, what is answered beside the actions is left out."""
        answer = self._value(data)
        if self._release.has_reset:
            if not isinstance(answer, list) or len(answer) != 2:
                raise PolicyAnswerInvalid(f"answer is a {type(answer).__name__}, must be a list: actions, and the rest")
            answer = answer[0]
        if not isinstance(answer, Mapping):
            raise PolicyAnswerInvalid(f"actions are a {type(answer).__name__}, must be a map")
        named = {str(key).removeprefix("action."): value for key, value in answer.items()}
        return named if self._release.has_reset else {key: [value] for key, value in named.items()}

    def reset(self, request: Mapping[str, Any], endpoint: str, expected: str | None, exchange: Exchange) -> None:
        """See Dialect. Releases before N1.6 know of no episodes."""
        if self._release.has_reset:
            self._value(exchange(self._message("reset", data=dict(request)), ""))

    def _message(self, endpoint: str, **data: Any) -> bytes:
        return self._release.codec.encode({"endpoint": endpoint, **data, **self._token})

    def _value(self, data: bytes | str) -> Any:
        try:
            value = refuse_error(self._release.codec.decode(refuse_error_frame(data)))
        except SpecError as error:
            raise PolicyAnswerInvalid(str(error)) from error
        if isinstance(value, Mapping) and "error" in value:  # the words of an exception may be none
            raise PolicyAnswerInvalid("the policy server failed: without a word")
        return value


def _nested(request: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"observation": dict(request), "options": None}


def _in_wrapper(request: Mapping[str, Any]) -> Mapping[str, Any]:
    flat = _named(request)
    language = {key: value[0] for key, value in request.get(_LANGUAGE, {}).items()}
    return {"observation": {**flat, **language}, "options": None}


def _flat(request: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value[0] for key, value in _named(request).items()}


def _named(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key if group == _LANGUAGE else f"{group}.{key}": value
        for group, entries in request.items()
        for key, value in entries.items()
    }


def make_dialect(codec: Codec, setup: Mapping[str, Any]) -> Gr00tDialect:
    """Return the dialect; raises ConfigError for another set-up, or a variable that is not set."""
    read = build(dict(setup), Gr00tSetup, "setup")
    token = None if read.api_token is None else resolved(read.api_token, "setup: api_token")
    return Gr00tDialect(codec, read, token)
