"""Pickles of strangers: read without running anything but what is allowed by name.

Python's own unpickler does what a pickle says: it imports, calls, and takes as much memory as it is told to, whatever
`find_class` refuses. This one knows the opcodes of data (`pickletools` reads them) and those few that make an object of
a name in a table; any other name is refused by name before anything is made of it, and opcodes, values and depth have
bounds.
"""

import io
import pickletools
import re
from collections.abc import Callable, Mapping
from typing import Any

from ros_wam.errors import SpecError
from ros_wam.policy.codecs.unpickled import Budget, Making, Named, finished, hashable

MOST_OPCODES = 1_000_000
MOST_BITS = 128
_MARK = object()
_PLAIN = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_IGNORED = frozenset({"PROTO", "FRAME"})
_VALUE = re.compile(r"(SHORT_)?(BIN)?(INT|LONG|FLOAT|STRING|BYTES|BYTEARRAY|UNICODE)[1248]?")
_VALUES = frozenset(opcode.name for opcode in pickletools.opcodes if _VALUE.fullmatch(opcode.name))


def unpickle(
    data: bytes | io.BytesIO,
    names: Mapping[str, Callable[..., Any]],
    persistent: Callable[[Any], Any] | None = None,
    budget: Budget | None = None,
) -> Any:
    """Return what a pickle holds: None, numbers, text, bytes, lists, tuples, maps, and what `names` make.

    `names`: `module.name` to what is called instead with the arguments that the pickle gives; never the real thing
    where that does anything but hold data. An object whose pickle sets a state has `__setstate__`; one with `finished`
    is replaced by what that returns. `persistent` takes persistent ids. `data` as a stream is read to the pickle's end,
    and no further. `budget` is for pickles within one. Raises SpecError for everything else.
    """
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    budget = budget or Budget()
    machine = _Machine(names, persistent, budget)
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count > MOST_OPCODES:
                raise SpecError(f"pickle has more than {MOST_OPCODES} opcodes")
            machine.step(opcode.name, argument)
        return finished(machine.pop(), budget)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, UnicodeError) as error:
        raise SpecError(f"pickle cannot be read: {error}") from error


class _Machine:
    """A stack, and a memo of what the pickle refers to again."""

    def __init__(
        self, names: Mapping[str, Callable[..., Any]], persistent: Callable[[Any], Any] | None, budget: Budget
    ) -> None:
        self._names, self._persistent, self._budget = names, persistent, budget
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._making = Making(budget)

    def step(self, name: str, argument: Any) -> None:
        """Do one opcode."""
        if isinstance(argument, int) and argument.bit_length() > MOST_BITS:  # megabytes of it are slow to reckon with
            raise SpecError(f"pickle holds a number of more than {MOST_BITS} bits")
        if name in _VALUES:
            self._stack.append(bytes(argument) if isinstance(argument, bytearray) else argument)
        elif name in _PLAIN:
            self._stack.append(_PLAIN[name])
        elif name not in _IGNORED:
            work = getattr(self, f"_{name.lower()}", None)
            if work is None:
                raise SpecError(f"pickle has opcode {name}, which is refused")
            work(argument)

    def pop(self) -> Any:
        """Take the last value off the stack."""
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("mark where a value should be")
        return value

    def _since_mark(self) -> list[Any]:
        items: list[Any] = []
        while (value := self._stack.pop()) is not _MARK:
            items.append(value)
        return items[::-1]

    def _stop(self, _: Any) -> None:
        if len(self._stack) != 1:
            raise ValueError(f"{len(self._stack)} values at the end, must be one")

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _pop(self, _: Any) -> None:
        self._stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._since_mark()

    def _dup(self, _: Any) -> None:
        self._stack.append(self._top(object))

    def _top(self, kind: type) -> Any:
        if self._stack[-1] is _MARK or not isinstance(self._stack[-1], kind):
            raise TypeError(f"something else where a {kind.__name__} should be")
        return self._stack[-1]

    def _put(self, index: Any) -> None:
        self._memo[int(index)] = self._top(object)

    _binput = _long_binput = _put

    def _memoize(self, _: Any) -> None:
        self._put(len(self._memo))

    def _get(self, index: Any) -> None:
        self._stack.append(self._memo[int(index)])

    _binget = _long_binget = _get

    def _empty_list(self, _: Any) -> None:
        self._stack.append([])

    def _empty_dict(self, _: Any) -> None:
        self._stack.append({})

    def _empty_tuple(self, _: Any) -> None:
        self._stack.append(())

    def _list(self, _: Any) -> None:
        self._stack.append(self._since_mark())

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._since_mark()))

    def _tuple1(self, _: Any) -> None:
        self._stack.append((self.pop(),))

    def _tuple2(self, _: Any) -> None:
        self._stack.append((self.pop(), self.pop())[::-1])

    def _tuple3(self, _: Any) -> None:
        self._stack.append((self.pop(), self.pop(), self.pop())[::-1])

    def _append(self, _: Any) -> None:
        value = self.pop()
        self._top(list).append(value)

    def _appends(self, _: Any) -> None:
        items = self._since_mark()
        self._top(list).extend(items)

    def _dict(self, _: Any) -> None:
        items = self._since_mark()
        self._stack.append({})
        self._fill(items)

    def _setitem(self, _: Any) -> None:
        self._fill([self.pop(), self.pop()][::-1])

    def _setitems(self, _: Any) -> None:
        self._fill(self._since_mark())

    def _fill(self, items: list[Any]) -> None:
        into = self._top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            into[hashable(key)] = value

    def _global(self, argument: Any) -> None:
        self._push_named(".".join(str(argument).split(" ")))

    def _stack_global(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError("a name that is no text")
        self._push_named(f"{module}.{name}")

    def _push_named(self, name: str) -> None:
        if name not in self._names:
            allowed = ", ".join(self._names) or "none"
            raise SpecError(f"pickle names {name[:200]}, which is refused; allowed: {allowed}")
        self._stack.append(Named(name, self._names[name]))

    def _reduce(self, _: Any) -> None:
        arguments, named = self.pop(), self.pop()
        self._stack.append(self._making.made(named, arguments))

    _newobj = _reduce

    def _build(self, _: Any) -> None:
        state = self.pop()
        self._making.set_state(self._top(object), state)

    def _binpersid(self, _: Any) -> None:
        if self._persistent is None:
            raise SpecError("pickle has a persistent id, which is refused")
        self._stack.append(self._persistent(finished(self.pop(), self._budget)))
