"""torch.save of maps with arrays of numpy in them, as GR00T N1 has them. Read and written without torch."""

from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.array_dtype import check_dtype
from ros_wam.policy.codecs.pickle_writer import Call, Name, write_pickle
from ros_wam.policy.codecs.torch_file import read_file, write_file

CONTENT_TYPE = "application/octet-stream"
decode = read_file


def encode(value: Any) -> bytes:
    """Return `value` (maps, lists, scalars, arrays) as a file of torch.save; raises SpecError for anything else."""
    return write_file(write_pickle(_written(value)), {})


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_written, value))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return _array(value)
    return value


def _array(array: np.ndarray[Any, Any]) -> Call:
    """Return the call that makes an array which may be written to, in any release of numpy."""
    try:
        check_dtype(array.dtype)
    except TypeError as error:
        raise SpecError(str(error)) from error
    data = Call(Name("builtins", "bytearray"), (array.tobytes(),))
    return Call(Name("numpy", "ndarray"), (array.shape, array.dtype.str, data))
