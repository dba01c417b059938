"""An array as the bytes of a `.npy` file: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"""

import io
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.policy.codecs.array_dtype import check_dtype, read_dtype, with_text

_MAGIC = re.compile(rb"\x93NUMPY(?:\x01\x00(?P<short>..)|[\x02\x03]\x00(?P<long>....))", re.DOTALL)
_HEADER = re.compile(
    r"\{\s*'descr': *'(?P<dtype>[^']{1,16})', *'fortran_order': *(?P<fortran>True|False),"
    r" *'shape': *\((?P<shape>[\d, ]*)\),? *\}\s*"
)
_MOST_HEADER_BYTES = 10_000  # numpy's own limit
_MOST_AXES = 32  # multiplying the lengths of a million takes hours


def write_npy(array: NDArray[Any]) -> bytes:
    """Return the bytes of a `.npy` file; raises TypeError for objects and other dtypes that may not travel."""
    check_dtype(array.dtype)
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def read_npy(data: bytes) -> NDArray[Any]:
    """Return the array, a read-only view of `data`; raises ValueError or TypeError for anything else.

    Reserves nothing for what the header promises: numpy's own reader does.
    """
    magic = _MAGIC.match(data)
    if magic is None:
        raise ValueError("array is no .npy file of version 1 to 3")
    begin = magic.end() + int.from_bytes(magic["short"] or magic["long"], "little")
    if begin - magic.end() > _MOST_HEADER_BYTES:
        raise ValueError(f"header of an .npy file has {begin - magic.end()} bytes, more than {_MOST_HEADER_BYTES}")
    header = _HEADER.fullmatch(data[magic.end() : begin].decode("latin-1"))
    if header is None:
        raise ValueError("header of an .npy file names no dtype, order and shape of a plain array")
    shape = [int(length) for length in header["shape"].replace(" ", "").split(",") if length]
    order = "F" if header["fortran"] == "True" else "C"
    return array_of(read_dtype(header["dtype"]), shape, data[begin:], order)


def array_of(dtype: np.dtype[Any], shape: Any, data: Any, order: str = "C") -> NDArray[Any]:
    """Return the array that `data` holds, read-only; raises ValueError unless it holds exactly that."""
    if not isinstance(shape, (list, tuple)) or len(shape) > _MOST_AXES:
        raise ValueError(f"array shape is a {type(shape).__name__}, must be a list of at most {_MOST_AXES} lengths")
    if not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError("array shape is no list of lengths")
    size = dtype.itemsize
    for length in shape:
        size *= length
    if not isinstance(data, bytes) or len(data) != size:
        raise ValueError(f"array of shape {list(shape)} and dtype {dtype} must hold {size} bytes")
    return with_text(np.ndarray(tuple(shape), dtype, buffer=data, order="F" if order == "F" else "C"))
