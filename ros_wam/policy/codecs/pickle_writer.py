"""Pickles that name what we do not have: classes and functions of the server, by name alone."""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ros_wam.errors import SpecError

_PROTOCOL = 3  # the first with bytes; without frames, so that parts can be put together
_PLAIN = (type(None), bool, int, float, str)


@dataclass(frozen=True)
class Name:
    """What the reader has as `name` in `module`."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """What the reader's `function` returns for `arguments`."""

    function: Name
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class PersistentId:
    """What the reader keeps outside of the pickle."""

    parts: tuple[Any, ...]


def write_pickle(value: Any) -> bytes:
    """Return a pickle of maps, lists, tuples, None, numbers, text, bytes and the above; SpecError for anything else."""
    return b"".join([pickle.PROTO, bytes([_PROTOCOL]), *_opcodes(value), pickle.STOP])


def _opcodes(value: Any) -> Iterator[bytes]:
    if isinstance(value, Name):
        yield pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode()
    elif isinstance(value, Call):
        yield from _opcodes(value.function)
        yield from _opcodes(value.arguments)
        yield pickle.REDUCE
    elif isinstance(value, PersistentId):
        yield from _opcodes(value.parts)
        yield pickle.BINPERSID
    elif isinstance(value, dict):
        yield pickle.EMPTY_DICT
        yield from _marked([part for item in value.items() for part in item], pickle.SETITEMS)
    elif isinstance(value, list):
        yield pickle.EMPTY_LIST
        yield from _marked(value, pickle.APPENDS)
    elif isinstance(value, tuple):
        yield from _marked(value, pickle.TUPLE)
    elif isinstance(value, bytes):  # the pictures: not copied once more
        yield from (pickle.BINBYTES, len(value).to_bytes(4, "little"), value)
    elif type(value) in _PLAIN:
        yield pickle.dumps(value, _PROTOCOL)[2:-1]
    else:
        raise SpecError(f"type {type(value).__name__} has no place in a message")


def _marked(parts: Sequence[Any], opcode: bytes) -> Iterator[bytes]:
    yield pickle.MARK
    for part in parts:
        yield from _opcodes(part)
    yield opcode
