"""torch.save of maps with tensors in them, as GigaWorld-Policy has them. Read and written without torch."""

from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.pickle_writer import Call, Name, PersistentId, write_pickle
from ros_wam.policy.codecs.torch_file import STORAGES, read_file, write_file

CONTENT_TYPE = "application/octet-stream"
decode = read_file
_KINDS = {np.dtype(dtype): name for name, dtype in STORAGES.items()}


def encode(value: Any) -> bytes:
    """Return `value` (maps, lists, scalars, arrays) as a file of torch.save; raises SpecError for anything else."""
    storages: dict[str, bytes] = {}
    return write_file(write_pickle(_written(value, storages)), storages)


def _written(value: Any, storages: dict[str, bytes]) -> Any:
    if isinstance(value, dict):
        return {key: _written(item, storages) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_written(item, storages) for item in value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return _tensor(value, storages)
    return value


def _tensor(array: np.ndarray[Any, Any], storages: dict[str, bytes]) -> Call:
    kind = _KINDS.get(array.dtype)
    if kind is None:
        raise SpecError(f"torch has no tensors of {array.dtype}; there are {', '.join(map(str, _KINDS))}")
    array = np.ascontiguousarray(array).reshape(array.shape)
    key = str(len(storages))
    storages[key] = array.tobytes()
    steps = tuple(step // array.itemsize for step in array.strides)
    storage = PersistentId(("storage", Name("torch", kind), key, "cpu", array.size))
    hooks = Call(Name("collections", "OrderedDict"))
    return Call(Name("torch._utils", "_rebuild_tensor_v2"), (storage, 0, array.shape, steps, False, hooks))
