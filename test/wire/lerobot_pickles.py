"""What LeRobot pickles, read and written under the names of its classes and torch's, with neither installed."""

import io
import pickle
import struct
from collections import OrderedDict
from typing import Any

import numpy as np

POLICY_TYPES = ["act", "smolvla", "diffusion", "tdmpc", "vqbet", "pi0", "pi05", "groot"]
HELPERS = "lerobot.async_inference.helpers"


class Incoming:
    """A RemotePolicyConfig or a TimedObservation; `names` are those of all that its pickle asked for."""

    policy_type: str
    lerobot_features: dict[str, Any]
    actions_per_chunk: int
    must_go: bool
    timestep: int
    timestamp: float
    observation: dict[str, Any]
    state: list[float]
    rows: int

    @staticmethod
    def read(data: bytes) -> "tuple[Incoming, set[str]]":
        reader = _Reader(io.BytesIO(data))
        return reader.load(), reader.names


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.names: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.names.add(f"{module}.{name}")
        if module == HELPERS:
            return Incoming
        if module.startswith("numpy"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")


class _Writer(pickle._Pickler):  # the one in C looks for the module
    """Writes a class that has `pickled_as` by that name."""

    def save_global(self, obj: Any, name: Any = None) -> None:
        module, name = getattr(obj, "pickled_as", (obj.__module__, obj.__qualname__))
        if self.proto >= 4:
            self.save(module)
            self.save(name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)


class _Storage:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def __reduce__(self) -> Any:
        return _LoadFromBytes, (_saved(self),)


class _StorageWriter(_Writer):
    """Of a storage's own bytes: the storage has an id in them, and what it holds follows."""

    def persistent_id(self, obj: Any) -> Any:
        return ("storage", _FloatStorage, "94050281", "cpu", len(obj.data) // 4, None) if obj is self.storage else None


class _FloatStorage:
    pickled_as = ("torch", "FloatStorage")


class _LoadFromBytes:
    pickled_as = ("torch.storage", "_load_from_bytes")

    def __init__(self, data: bytes) -> None:
        raise NotImplementedError


class _RebuildTensor:
    pickled_as = ("torch._utils", "_rebuild_tensor_v2")

    def __init__(self, *arguments: Any) -> None:
        raise NotImplementedError


class _Row:
    """One row of a tensor; as in torch, it holds the storage of all rows."""

    def __init__(self, data: bytes, offset: int, length: int) -> None:
        self._arguments = (_Storage(data), offset, (length,), (1,), False, OrderedDict())

    def __reduce__(self) -> Any:
        return _RebuildTensor, self._arguments


class _TimedAction:
    pickled_as = (HELPERS, "TimedAction")


def _saved(storage: _Storage) -> bytes:
    """torch.save in the form that is no zip file."""
    out = io.BytesIO()
    sizes = {"short": 2, "int": 4, "long": 4}
    info = {"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}
    for value in (0x1950A86A20F9469CFC6C, 1001, info):
        pickle.dump(value, out, 2)
    writer = _StorageWriter(out, 2)
    writer.storage = storage
    writer.dump(storage)
    pickle.dump(["94050281"], out, 2)
    out.write(struct.pack("<q", len(storage.data) // 4) + storage.data)
    return out.getvalue()


def timed_actions(rows: Any, timestamp: float, timestep: int, dt_s: float, step: int = 1) -> bytes:
    """A pickled list of TimedAction, one per row of `rows` `(T, D)`; right ones are a `step` of 1 apart."""
    rows = np.ascontiguousarray(rows, "<f4")
    actions = []
    for i in range(len(rows)):
        action = _TimedAction()
        action.timestamp, action.timestep = timestamp + i * dt_s, timestep + i * step
        action.action = _Row(rows.tobytes(), i * rows.shape[1], rows.shape[1])
        actions.append(action)
    out = io.BytesIO()
    _Writer(out, 4).dump(actions)
    return out.getvalue()
