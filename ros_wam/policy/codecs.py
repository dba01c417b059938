"""The array codec of openpi: msgpack in which an array is a map of raw bytes, dtype and shape. Never pickle.

Arrays are written with bytes keys, as openpi does. Every map is read with bytes or str keys, and has str keys then.
"""

import math
from typing import Any

import msgpack
import numpy as np

from ros_wam.errors import SpecError

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_DTYPE_KINDS = "biufSU"  # booleans, numbers and fixed-width text; never objects


def encode(value: Any) -> bytes:
    """Return `value` (maps, lists, scalars and numpy arrays) as bytes.

    Raises SpecError for object, void, complex and time arrays, for types msgpack cannot hold, and for more than
    MAX_MESSAGE_BYTES.
    """
    try:
        data: bytes = msgpack.packb(value, default=_encode_array)
    except (TypeError, ValueError, OverflowError) as error:
        raise SpecError(f"message cannot be encoded: {error}") from error
    _check_size(len(data))
    return data


def decode(data: bytes) -> Any:
    """Return the value that `encode` made `data` of; arrays are read-only views of `data`.

    Raises SpecError for anything else, object arrays and more than MAX_MESSAGE_BYTES included.
    """
    _check_size(len(data))
    try:
        return msgpack.unpackb(data, object_hook=_decode_map)
    except (msgpack.UnpackException, ValueError, TypeError, OverflowError, SyntaxError) as error:  # dtypes are syntax
        raise SpecError(f"message of {len(data)} bytes cannot be decoded: {error}") from error


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE_BYTES:
        raise SpecError(f"message of {size} bytes is larger than {MAX_MESSAGE_BYTES}")


def _encode_array(value: Any) -> Any:
    if not isinstance(value, (np.ndarray, np.generic)):
        raise TypeError(f"type {type(value).__name__} has no place in a message")
    _check_dtype(value.dtype)
    if isinstance(value, np.ndarray):
        return {b"__ndarray__": True, b"data": value.tobytes(), b"dtype": value.dtype.str, b"shape": value.shape}
    return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}


def _decode_map(value: dict[Any, Any]) -> Any:
    value = {key.decode() if isinstance(key, bytes) else key: item for key, item in value.items()}
    if "__ndarray__" in value:
        dtype, shape, data = (_field(value, name) for name in ("dtype", "shape", "data"))
        dtype = _dtype(dtype)
        if not isinstance(shape, list) or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ValueError(f"array shape is {shape!r}, must be a list of lengths")
        size = math.prod(shape) * dtype.itemsize
        if not isinstance(data, bytes) or len(data) != size:
            raise ValueError(f"array of shape {shape} and dtype {dtype} must hold {size} bytes")
        return np.ndarray(shape, dtype, buffer=data)
    if "__npgeneric__" in value:
        return _dtype(_field(value, "dtype")).type(_field(value, "data"))
    return value


def _field(value: dict[str, Any], name: str) -> Any:
    if name not in value:
        raise ValueError(f"array without {name}")
    return value[name]


def _dtype(name: Any) -> np.dtype[Any]:
    if isinstance(name, bytes):
        name = name.decode()
    if not isinstance(name, str):
        raise TypeError(f"array dtype is {name!r}, must be text")
    dtype = np.dtype(name)
    _check_dtype(dtype)
    return dtype


def _check_dtype(dtype: np.dtype[Any]) -> None:
    if dtype.kind not in _DTYPE_KINDS or dtype.shape:
        raise TypeError(f"arrays of dtype {dtype} are refused; allowed kinds: {', '.join(_DTYPE_KINDS)}")
