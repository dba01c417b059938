"""The way of the PyPI package msgpack-numpy to put arrays into msgpack, written from its description."""

from typing import Any

import msgpack
import numpy as np


def pack(value: Any) -> bytes:
    """Return `value` as a server that has patched msgpack with that package sends it."""
    packed: bytes = msgpack.packb(value, default=_array)
    return packed


def unpack(data: bytes) -> Any:
    """Return what a client of that family sent; raises for anything else."""
    return msgpack.unpackb(data, object_hook=_unpacked, strict_map_key=False)


def _array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        head = {b"nd": True, b"type": value.dtype.str, b"kind": b"", b"shape": value.shape}
        return {**head, b"data": value.tobytes()}
    if isinstance(value, np.generic):
        return {b"nd": False, b"type": value.dtype.str, b"data": value.tobytes()}
    raise TypeError(type(value).__name__)


def _unpacked(value: dict[Any, Any]) -> Any:
    if b"nd" not in value:
        return value
    if value[b"nd"]:
        return np.ndarray(buffer=value[b"data"], dtype=np.dtype(value[b"type"]), shape=value[b"shape"])
    return np.frombuffer(value[b"data"], np.dtype(value[b"type"]))[0]
