"""Values while a pickle is read: bounded in number, bytes and depth however often it refers to the same one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.codec import MAX_MESSAGE_BYTES

MOST_VALUES = 200_000
DEEPEST = 32
_SCALARS = (type(None), bool, int, float, str, bytes)


@dataclass(frozen=True)
class Named:
    """What a pickle calls by a name that is allowed."""

    name: str
    make: Callable[..., Any]


class Budget:
    """How many values of a message may still come, and of how many bytes, whatever pickles it is made of."""

    def __init__(self) -> None:
        self._values, self._bytes = MOST_VALUES, MAX_MESSAGE_BYTES

    def spend(self, value: Any) -> None:
        """Count a value; raises SpecError after MOST_VALUES, and MAX_MESSAGE_BYTES of text, bytes and arrays."""
        self._values -= 1
        if isinstance(value, np.ndarray):
            self._bytes -= value.nbytes
        elif isinstance(value, (str, bytes)):
            self._bytes -= len(value)
        if self._values < 0:
            raise SpecError(f"pickle holds more than {MOST_VALUES} values")
        if self._bytes < 0:
            raise SpecError(f"pickle holds more than {MAX_MESSAGE_BYTES} bytes, some of them many times")


class Making:
    """Makes the objects of a pickle out of finished arguments."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def made(self, named: Any, arguments: Any) -> Any:
        """Return what `named` makes of `arguments`."""
        if not isinstance(named, Named) or not isinstance(arguments, tuple):
            raise SpecError("pickle calls what is no name, or with no arguments")
        return named.make(*finished(arguments, self._budget))

    def set_state(self, made: Any, state: Any) -> None:
        """Give `made` its state."""
        if isinstance(made, (*_SCALARS, list, tuple, dict)) or "__setstate__" not in vars(type(made)):
            raise SpecError(f"pickle sets the state of a {type(made).__name__}, which has none")
        made.__setstate__(finished(state, self._budget))


def hashable(key: Any) -> Any:
    """Return a map's key; raises SpecError unless it is a number, text or bytes: tuples nest as deep as they like."""
    if not isinstance(key, _SCALARS):
        raise SpecError(f"pickle has a map whose key is a {type(key).__name__}")
    return key


def finished(value: Any, budget: Budget, depth: int = 0) -> Any:
    """Return a copy of `value` in which objects are what they stand for; raises SpecError beyond a bound."""
    if not isinstance(value, _SCALARS) and hasattr(value, "finished"):
        value = value.finished()
    budget.spend(value)
    if isinstance(value, _SCALARS):
        return value
    if depth > DEEPEST:
        raise SpecError(f"pickle is nested deeper than {DEEPEST}, or holds itself")
    if isinstance(value, (list, tuple)):
        return type(value)([finished(item, budget, depth + 1) for item in value])
    if isinstance(value, dict):
        return {key: finished(item, budget, depth + 1) for key, item in value.items()}
    return value
