"""msgpack with arrays, for all codecs that are msgpack: each form of an array is read, whichever is written.

openpi: raw bytes beside `__ndarray__`, `dtype` and `shape`, or a number beside `__npgeneric__`. PyPI msgpack-numpy: raw
bytes beside `nd`, `type`, `kind` and `shape`. GR00T: the bytes of an .npy file beside `__ndarray_class__`. Never
pickle. Maps are read with bytes or str keys, and have str keys then.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgpack
import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.array_dtype import check_dtype, read_dtype
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.codecs.npy import array_of, read_npy

CONTENT_TYPE = "application/msgpack"
MOST_VALUES = 1_000_000
"""Of one message, those in arrays apart: a value of one byte, such as an empty map, takes sixty in memory."""


def encode(value: Any, form: Callable[[Any], Mapping[Any, Any]]) -> bytes:
    """Return `value` (maps, lists, scalars and numpy arrays) as bytes, with the map `form(array)` for each array.

    Raises SpecError for object, void, complex and time arrays, for types msgpack cannot hold, and for more than
    MAX_MESSAGE_BYTES.
    """

    def written(part: Any) -> Mapping[Any, Any]:
        if not isinstance(part, (np.ndarray, np.generic)):
            raise TypeError(f"type {type(part).__name__} has no place in a message")
        check_dtype(part.dtype)
        return form(part)

    try:
        data: bytes = msgpack.packb(value, default=written)
    except (TypeError, ValueError, OverflowError) as error:
        raise SpecError(f"message cannot be encoded: {error}") from error
    _check_size(len(data))
    return data


def decode(data: bytes) -> Any:
    """Return the value of `data`; arrays are read-only views of its bytes.

    Raises SpecError for anything else, object arrays and more than MAX_MESSAGE_BYTES or MOST_VALUES included.
    """
    _check_size(len(data))
    left = MOST_VALUES

    def count(values: Collection[Any]) -> None:
        nonlocal left
        left -= 1 + len(values)
        if left < 0:
            raise ValueError(f"it holds more than {MOST_VALUES} values")

    def read_list(value: list[Any]) -> list[Any]:
        count(value)
        return value

    def read_map(value: dict[Any, Any]) -> Any:
        count(value)
        return _read_map(value)

    limits = {"max_array_len": MOST_VALUES, "max_map_len": MOST_VALUES}  # room is made for what a list promises
    try:
        return msgpack.unpackb(data, object_hook=read_map, list_hook=read_list, **limits)
    except (msgpack.UnpackException, ValueError, TypeError, OverflowError) as error:
        raise SpecError(f"message of {len(data)} bytes cannot be decoded: {error}") from error


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE_BYTES:
        raise SpecError(f"message of {size} bytes is larger than {MAX_MESSAGE_BYTES}")


def _read_map(value: dict[Any, Any]) -> Any:
    value = {key.decode() if isinstance(key, bytes) else key: item for key, item in value.items()}
    if "__ndarray__" in value:
        return array_of(read_dtype(_field(value, "dtype")), _field(value, "shape"), _field(value, "data"))
    if "__npgeneric__" in value:
        return _number(read_dtype(_field(value, "dtype")), _field(value, "data"))
    if "__ndarray_class__" in value:
        return read_npy(_field(value, "as_npy"))
    if "nd" in value and "type" in value:
        return _read_nd(value)
    return value


def _number(dtype: np.dtype[Any], data: Any) -> Any:
    kinds = (str, bytes) if dtype.kind in "SU" else (bool, int, float)
    if not isinstance(data, kinds):  # numpy would make so many bytes of a number, and an array of a list
        raise TypeError(f"number of dtype {dtype} is a {type(data).__name__}")
    with np.errstate(over="ignore"):  # what is too large is infinite
        return dtype.type(data)


def _read_nd(value: dict[str, Any]) -> Any:
    """Return the array, or the number, of a map of PyPI msgpack-numpy."""
    if value.get("kind") in (b"O", "O", b"V", "V"):
        raise TypeError("arrays of objects and records are refused")
    dtype = read_dtype(value["type"])
    data = _field(value, "data")
    if value["nd"]:
        return array_of(dtype, _field(value, "shape"), data)
    return array_of(dtype, (), data)[()]


def _field(value: dict[str, Any], name: str) -> Any:
    if name not in value:
        raise ValueError(f"array without {name}")
    return value[name]
