"""What LeRobot's asynchronous inference pickles, written and read without lerobot and torch.

Written are the names of LeRobot's own two classes and of numpy's array, because its server calls what they name; read
are the names that its server writes, and no other. Names and attributes: lerobot 0.4.4, async_inference/helpers.py.
"""

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES
from ros_wam.policy.codecs.torch_tensor import tensor_names
from ros_wam.policy.codecs.unpickle import unpickle
from ros_wam.policy.codecs.unpickled import Budget

CONTENT_TYPE = "application/octet-stream"
_MODULE = "lerobot.async_inference.helpers"
_WRITTEN = ("RemotePolicyConfig", "TimedObservation")
_PROTOCOL = 4
_PROTO = pickle.PROTO + bytes([_PROTOCOL])


@dataclass(frozen=True)
class LerobotObject:
    """An object of LeRobot's class `kind`, with its attributes."""

    kind: str
    attributes: dict[str, Any]


class TimedAction:
    """One row: `timestep`, `timestamp` [s] and the `(D,)` array `action`."""

    timestep: int
    timestamp: float
    action: np.ndarray[Any, Any]

    def __setstate__(self, state: Any) -> None:
        try:
            self.timestep, self.timestamp, self.action = state["timestep"], state["timestamp"], state["action"]
        except (TypeError, KeyError) as error:
            raise SpecError("a TimedAction must have timestep, timestamp and action") from error
        if type(self.timestep) is not int or not isinstance(self.action, np.ndarray):
            raise SpecError("the timestep of a TimedAction must be a whole number, its action a tensor")


def encode(value: Any) -> bytes:
    """Return a LerobotObject as a pickle of the class that it names; raises SpecError for anything else."""
    if not isinstance(value, LerobotObject) or value.kind not in _WRITTEN:
        raise SpecError(f"LeRobot's server takes {' or '.join(_WRITTEN)}, not {str(value)[:100]!r}")
    _check(value.attributes)
    attributes = pickle.dumps(value.attributes, _PROTOCOL)
    made = pickle.GLOBAL + f"{_MODULE}\n{value.kind}\n".encode() + pickle.EMPTY_TUPLE + pickle.NEWOBJ
    data = _PROTO + made + attributes.removeprefix(_PROTO).removesuffix(pickle.STOP) + pickle.BUILD + pickle.STOP
    _check_size(len(data))
    return data


def decode(data: bytes) -> list[TimedAction]:
    """Return the rows that a server answers; raises SpecError for any other pickle."""
    _check_size(len(data))
    budget = Budget()
    names = {**tensor_names(budget), f"{_MODULE}.TimedAction": TimedAction}
    rows = unpickle(data, names, budget=budget)
    if not isinstance(rows, list) or not all(isinstance(row, TimedAction) for row in rows):
        raise SpecError("answer is no list of TimedAction")
    if not all("action" in vars(row) for row in rows):
        raise SpecError("answer has a TimedAction without its state")
    return rows


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE_BYTES:
        raise SpecError(f"message of {size} bytes is larger than {MAX_MESSAGE_BYTES}")


def _check(value: Any) -> None:
    """Raise SpecError for what would put another name into the pickle."""
    if isinstance(value, dict):
        for item in (*value, *value.values()):
            _check(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item)
    elif isinstance(value, np.ndarray) and type(value) is np.ndarray and value.dtype.kind in "biuf":
        return
    elif type(value) not in (type(None), bool, int, float, str, bytes):
        raise SpecError(f"type {type(value).__name__} has no place in a message")
