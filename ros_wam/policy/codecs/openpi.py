"""The array codec of openpi: msgpack in which an array is a map of raw bytes, dtype and shape, with bytes keys."""

from typing import Any

import numpy as np

from ros_wam.policy.codecs import msgpack_arrays

CONTENT_TYPE = msgpack_arrays.CONTENT_TYPE
decode = msgpack_arrays.decode


def encode(value: Any) -> bytes:
    """Return `value` as bytes; raises SpecError as `msgpack_arrays.encode`."""
    return msgpack_arrays.encode(value, _form)


def _form(value: Any) -> dict[bytes, Any]:
    if isinstance(value, np.ndarray):
        return {b"__ndarray__": True, b"data": value.tobytes(), b"dtype": value.dtype.str, b"shape": value.shape}
    return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
