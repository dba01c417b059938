"""Pickle, for the servers that speak nothing else. Written without a name in it; read as `unpickle.py` reads it.

Arrays are written as lists, so that no server needs our numpy.
"""

import pickle
from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.codecs.pickled_numpy import NUMPY
from ros_wam.policy.codecs.unpickle import unpickle

CONTENT_TYPE = "application/octet-stream"
_PROTOCOL = 4  # Python 3.4 and later


def encode(value: Any) -> bytes:
    """Return `value` (maps, lists, numbers, text, bytes, arrays) as a pickle; raises SpecError for anything else."""
    data = pickle.dumps(_plain(value), _PROTOCOL)
    _check_size(len(data))
    return data


def decode(data: bytes) -> Any:
    """Return the value of a pickle, arrays and numbers of numpy included; raises SpecError for any other name in it."""
    _check_size(len(data))
    return unpickle(data, NUMPY)


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE_BYTES:
        raise SpecError(f"message of {size} bytes is larger than {MAX_MESSAGE_BYTES}")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf":
        return value.tolist()
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    raise SpecError(f"type {type(value).__name__} has no place in a message")
