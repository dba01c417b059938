"""The names that a pickle of a torch tensor holds, and what makes arrays of their arguments: no torch.

Such a pickle holds the bytes of a file of its own, in torch's older form, with all numbers that the tensor is a view
of: a magic number, a version, a description of the machine, what is saved and its keys, one pickle each; then numbers.
"""

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.codecs.unpickle import unpickle
from ros_wam.policy.codecs.unpickled import Budget, Named

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001  # torch/serialization.py
_STORAGES: dict[str, Callable[..., np.dtype[Any]]] = {
    "torch.FloatStorage": lambda: np.dtype("<f4"),
    "torch.DoubleStorage": lambda: np.dtype("<f8"),
    "torch.HalfStorage": lambda: np.dtype("<f2"),
}
_COUNT_BYTES = 8
_MOST_STORAGES = 256  # a server's rows are views of one
_MOST_BYTES_BEFORE_NUMBERS = 1024  # there are about 300


def tensor_names(budget: Budget) -> dict[str, Callable[..., Any]]:
    """Return the names for one pickle with this budget; a storage that it holds more than once is read once."""
    read: dict[bytes, np.ndarray[Any, Any]] = {}
    left = MAX_MESSAGE_BYTES  # to be compared with what has been read: a pickle may refer to the same bytes for ever

    def storage(data: Any) -> np.ndarray[Any, Any]:
        nonlocal left
        if not isinstance(data, bytes):
            raise SpecError(f"storage of a tensor is a {type(data).__name__}, must be bytes")
        left -= len(data)
        if left < 0:
            raise SpecError(f"storages of tensors are larger than {MAX_MESSAGE_BYTES} bytes")
        if data not in read:
            if len(read) == _MOST_STORAGES:
                raise SpecError(f"tensors have more than {_MOST_STORAGES} storages")
            read[data] = _storage(data, budget)
        return read[data]

    return {
        "collections.OrderedDict": _hooks,
        "torch._utils._rebuild_tensor_v2": view_of,
        "torch.storage._load_from_bytes": storage,
    }


def view_of(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> np.ndarray[Any, Any]:
    """Return the read-only array of `shape` whose steps through `storage` `(n,)` from `offset` on are `strides`.

    Raises SpecError where that leaves the storage.
    """
    if not isinstance(storage, np.ndarray) or storage.ndim != 1 or not _are_lengths((offset,)):
        raise SpecError("a tensor must be made of a storage and an offset in it")
    if not _are_lengths(shape) or not _are_lengths(strides) or len(shape) != len(strides) or len(shape) > 32:
        raise SpecError("a tensor must have a shape and as many strides, none below 0")
    last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
    if 0 in shape or last >= len(storage) or any(n > len(storage) for n in (*shape, *strides)):
        raise SpecError(f"a tensor of shape {shape} is no part of a storage of {len(storage)}")
    if np.prod(shape, dtype=np.float64) > len(storage):
        raise SpecError(f"a tensor of shape {shape} holds numbers of its storage of {len(storage)} more than once")
    steps = [stride * storage.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps, writeable=False)


def _are_lengths(numbers: Any) -> bool:
    return isinstance(numbers, tuple) and all(type(n) is int and n >= 0 for n in numbers)


def _hooks(*content: Any) -> None:
    if content:
        raise SpecError("a tensor has hooks, must have none")


def _storage(file: bytes, budget: Budget) -> np.ndarray[Any, Any]:
    stream = io.BytesIO(file[:_MOST_BYTES_BEFORE_NUMBERS])
    magic, version, machine = (unpickle(stream, {}, budget=budget) for _ in range(3))
    if (magic, version) != (_MAGIC, _VERSION):
        raise SpecError("storage of a tensor is not in the form of torch.save without a zip file")
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise SpecError("storage of a tensor is not little-endian")
    saved = unpickle(stream, _STORAGES, _Saved, budget)
    keys = unpickle(stream, {}, budget=budget)
    if not isinstance(saved, _Saved) or keys != [saved.key]:
        raise SpecError("storage of a tensor must be one storage and nothing else")
    count = int.from_bytes(stream.read(_COUNT_BYTES), "little")
    data = file[stream.tell() :]
    if count != saved.count or len(data) != count * saved.dtype.itemsize:
        raise SpecError(f"storage of a tensor of {saved.count} {saved.dtype} holds {len(data)} bytes")
    return np.frombuffer(data, saved.dtype)


class _Saved:
    """What stands for a storage where it is saved."""

    def __init__(self, told: Any) -> None:
        if not isinstance(told, tuple) or len(told) != 6 or told[0] != "storage" or told[5] is not None:
            raise SpecError("what is saved must be a storage")
        _, kind, self.key, _, self.count, _ = told
        if not isinstance(kind, Named):
            raise SpecError("what is saved must be a storage")
        self.dtype = kind.make()
