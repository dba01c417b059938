"""openpi's way to put arrays into msgpack, written from its description: a map of raw bytes, dtype and shape."""

from typing import Any

import msgpack
import numpy as np


def pack(value: Any) -> bytes:
    """Return `value` as a server of that family sends it, with bytes keys in its arrays."""
    packed: bytes = msgpack.packb(value, default=_array)
    return packed


def unpack(data: bytes) -> Any:
    """Return what a client of that family sent; raises for anything else."""
    return msgpack.unpackb(data, object_hook=_unpacked, strict_map_key=False)


def _array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {b"__ndarray__": True, b"data": value.tobytes(), b"dtype": value.dtype.str, b"shape": value.shape}
    if isinstance(value, np.generic):
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    raise TypeError(type(value).__name__)


def _unpacked(value: dict[Any, Any]) -> Any:
    if b"__ndarray__" in value:
        return np.ndarray(buffer=value[b"data"], dtype=np.dtype(value[b"dtype"]), shape=value[b"shape"])
    if b"__npgeneric__" in value:
        return np.dtype(value[b"dtype"]).type(value[b"data"])
    return value
