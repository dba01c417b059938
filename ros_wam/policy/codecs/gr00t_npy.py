"""The array codec of GR00T until 2026-05: msgpack in which an array is the bytes of an .npy file."""

from typing import Any

import numpy as np

from ros_wam.policy.codecs import msgpack_arrays
from ros_wam.policy.codecs.npy import write_npy

CONTENT_TYPE = msgpack_arrays.CONTENT_TYPE
decode = msgpack_arrays.decode


def encode(value: Any) -> bytes:
    """Return `value` as bytes; raises SpecError as `msgpack_arrays.encode`."""
    return msgpack_arrays.encode(value, _form)


def _form(value: Any) -> dict[str, Any]:
    return {"__ndarray_class__": True, "as_npy": write_npy(np.asarray(value))}
