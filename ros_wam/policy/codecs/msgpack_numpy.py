"""The array codec of PyPI msgpack-numpy: msgpack in which an array is a map of raw bytes, type and shape."""

from typing import Any

import numpy as np

from ros_wam.policy.codecs import msgpack_arrays

CONTENT_TYPE = msgpack_arrays.CONTENT_TYPE
decode = msgpack_arrays.decode


def encode(value: Any) -> bytes:
    """Return `value` as bytes; raises SpecError as `msgpack_arrays.encode`."""
    return msgpack_arrays.encode(value, _form)


def _form(value: Any) -> dict[bytes, Any]:
    form = {b"nd": isinstance(value, np.ndarray), b"type": value.dtype.str, b"data": value.tobytes()}
    return {**form, b"kind": b"", b"shape": value.shape} if form[b"nd"] else form
