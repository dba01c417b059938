"""JSON; arrays are written as lists of lists."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES

CONTENT_TYPE = "application/json"
MOST_VALUES = 4_000_000
"""Of one message: a value of two bytes, such as an empty list, takes sixty in memory."""


def encode(value: Any) -> bytes:
    """Return `value` (maps with str keys, lists, numbers, text, arrays) as bytes; raises SpecError for anything else.

    Numbers may be NaN, which JSON's own standard leaves out and Python's readers take.
    """
    return encode_with(value, lambda array: array.tolist())


def decode(data: bytes) -> Any:
    """Return the value of `data`; raises SpecError for anything that is no JSON, too large or nested too deep."""
    return decode_with(data, lambda item: item)


def encode_with(value: Any, array_as: Callable[[np.ndarray[Any, Any]], Any]) -> bytes:
    """Return `value` as bytes, with `array_as(array)` for every array of numbers and number of numpy in it."""

    def other(item: Any) -> Any:
        if not isinstance(item, (np.ndarray, np.generic)) or item.dtype.kind not in "biuf":
            raise TypeError(f"type {type(item).__name__} has no place in a message")
        return array_as(np.asarray(item))

    try:
        data = json.dumps(value, default=other).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise SpecError(f"message cannot be encoded: {error}") from error
    _check_size(len(data))
    return data


def decode_with(data: bytes, map_as: Callable[[dict[str, Any]], Any]) -> Any:
    """Return the value of `data`, with `map_as(map)` for every map."""
    _check_size(len(data))
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise SpecError(f"message of {len(data)} bytes holds more than {MOST_VALUES} values")
    try:
        return json.loads(data.decode(), object_hook=map_as)  # of bytes it would guess the encoding
    except (ValueError, TypeError, RecursionError) as error:
        raise SpecError(f"message of {len(data)} bytes cannot be decoded: {error}") from error


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE_BYTES:
        raise SpecError(f"message of {size} bytes is larger than {MAX_MESSAGE_BYTES}")
