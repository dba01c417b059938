"""The names that a pickle of a numpy array or number holds, and what makes one of their arguments, never by pickle.

numpy up to 1 says numpy.core, from 2 on numpy._core; pickle protocol 5 calls `_frombuffer`, those before `_reconstruct`
and then set the state.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.array_dtype import read_dtype, with_text


class PickledDtype:
    """A dtype of numbers."""

    def __init__(self, name: Any, align: Any = False, copy: Any = False) -> None:
        try:
            self._dtype = read_dtype(name)
        except (TypeError, ValueError) as error:
            raise SpecError(str(error)) from error

    def __setstate__(self, state: Any) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "|", "="):
            raise SpecError(f"byte order of a dtype is {order!r}, must be one of <, >, |, =")
        self._dtype = self._dtype.newbyteorder(order)

    def finished(self) -> np.dtype[Any]:
        """Return the dtype."""
        return self._dtype


class PickledArray:
    """An array that has its content in its state, or has had no state yet."""

    def __init__(self, *_: Any) -> None:
        self._array = np.zeros(0)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise SpecError("the state of a pickled array must be version, shape, dtype, order and content")
        _, shape, dtype, columns_first, data = state
        self._array = array_of(data, dtype, shape, "F" if columns_first else "C")

    def finished(self) -> np.ndarray[Any, Any]:
        """Return the array."""
        return self._array


def array_of(data: Any, dtype: Any, shape: Any, order: Any = "C") -> np.ndarray[Any, Any]:
    """Return the read-only array that `data` bytes are; raises SpecError unless they fit `shape` and `dtype`."""
    if not isinstance(data, bytes) or not isinstance(dtype, np.dtype) or order not in ("C", "F"):
        raise SpecError("a pickled array must have bytes, a dtype and an order")
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape) or len(shape) > 32:
        raise SpecError(f"shape of a pickled array is {str(shape)[:100]}, must be a tuple of lengths")
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise SpecError(f"pickled array of shape {shape} and dtype {dtype} holds {len(data)} bytes")
    return with_text(np.ndarray(shape, dtype, buffer=data, order=order))


def _number(dtype: Any, data: Any) -> Any:
    return array_of(data, dtype, ())[()]


def _no_instance(*_: Any) -> Any:
    raise SpecError("pickle makes a numpy.ndarray without its content")


NUMPY: dict[str, Callable[..., Any]] = {"numpy.dtype": PickledDtype, "numpy.ndarray": _no_instance}
for _core in ("numpy.core", "numpy._core"):
    NUMPY[f"{_core}.multiarray._reconstruct"] = PickledArray
    NUMPY[f"{_core}.multiarray.scalar"] = _number
    NUMPY[f"{_core}.numeric._frombuffer"] = array_of
