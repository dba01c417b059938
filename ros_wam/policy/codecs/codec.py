"""The seam to a codec: a module with these three names."""

import importlib
from typing import Any, Protocol, cast

MAX_MESSAGE_BYTES = 64 * 1024 * 1024

CODECS = {
    name: f"ros_wam.policy.codecs.{name}"
    for name in (
        "openpi",
        "msgpack_numpy",
        "gr00t_npy",
        "restricted_pickle",
        "lerobot_pickle",
        "json_plain",
        "json_numpy",
        "json_numpy_strings",
        "multipart",
        "torch_arrays",
        "torch_tensors",
    )
}


class Codec(Protocol):
    """Values (maps, lists, scalars, numpy arrays) to bytes and back."""

    CONTENT_TYPE: str
    """The media type, for HTTP."""

    def encode(self, value: Any) -> bytes:
        """Return `value` as bytes; raises SpecError for what has no place in it."""
        ...

    def decode(self, data: bytes) -> Any:
        """Return the value of `data`, maps with str keys; raises SpecError for anything else. Never runs code."""
        ...


def find_codec(name: str) -> Codec:
    """Return the codec `name` of CODECS."""
    return cast(Codec, importlib.import_module(CODECS[name]))
