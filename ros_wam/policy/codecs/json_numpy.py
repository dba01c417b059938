"""JSON in which an array is a map, as the package json-numpy writes it: its bytes in base64, its dtype, its shape."""

import base64
import math
from typing import Any

import numpy as np

from ros_wam.policy.codecs.array_dtype import read_dtype, with_text
from ros_wam.policy.codecs.json_plain import CONTENT_TYPE as CONTENT_TYPE
from ros_wam.policy.codecs.json_plain import decode_with, encode_with


def encode(value: Any) -> bytes:
    """Return `value` (maps with str keys, lists, numbers, text, arrays) as bytes; raises SpecError for any other."""
    return encode_with(value, array_map)


def decode(data: bytes) -> Any:
    """Return the value of `data`, arrays read-only; raises SpecError for anything else, object arrays included."""
    return decode_with(data, _array_or_map)


def array_map(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return the map that stands for `array`."""
    text = base64.b64encode(np.ascontiguousarray(array).data).decode()
    return {"__numpy__": text, "dtype": array.dtype.str, "shape": list(array.shape)}


def _array_or_map(value: dict[str, Any]) -> Any:
    if "__numpy__" not in value:
        return value
    text, dtype, shape = value["__numpy__"], read_dtype(value.get("dtype")), value.get("shape")
    if not isinstance(text, str):
        raise TypeError("an array must have its bytes as text")
    if not isinstance(shape, list) or not all(isinstance(n, int) and 0 <= n < 2**32 for n in shape) or len(shape) > 32:
        raise ValueError("the shape of an array must be a list of lengths")
    data = base64.b64decode(text, validate=True)
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"array of shape {shape} and dtype {dtype} has {len(data)} bytes")
    return with_text(np.ndarray(shape, dtype, buffer=data))
