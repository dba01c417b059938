"""Which arrays may travel: numbers, booleans and fixed-width text. Never objects, for those are pickles."""

import re
import sys
from typing import Any

import numpy as np

from ros_wam.errors import SpecError

_KINDS = "biufSU"
_NAME = re.compile(rf"[<>|=]?(?:[{_KINDS}]\d{{1,9}}|\?|bool|(?:u?int|float)\d\d?)")


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Raise TypeError for what may not travel; elements of no bytes are refused, for a few bytes would be many."""
    if dtype.kind not in _KINDS or dtype.shape or dtype.itemsize == 0:
        raise TypeError(f"arrays of dtype {dtype} are refused; allowed kinds: {', '.join(_KINDS)}")


def read_dtype(name: Any) -> np.dtype[Any]:
    """Return the dtype of a name such as `<f4`, text or bytes; raises TypeError for one that may not travel."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        told = repr(name[:80]) if isinstance(name, str) else f"a {type(name).__name__}"
        raise TypeError(f"array dtype is {told}, must name one of the kinds {', '.join(_KINDS)}")
    dtype = np.dtype(name)
    check_dtype(dtype)
    return dtype


def with_text(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return `array`; raises SpecError for text that is none: numpy stumbles over it where it is read."""
    if array.dtype.kind == "U":
        numbers = np.dtype("u4").newbyteorder(array.dtype.byteorder)
        if (np.frombuffer(array.tobytes(), numbers) > sys.maxunicode).any():
            raise SpecError("an array of text holds what is no character")
    return array
