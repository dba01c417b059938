"""The RTDE wire: frames, field types and recipes (UR RTDE guide, protocol version 2; all big-endian)."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from ros_wam.errors import SimError

Value = int | float | tuple[float, ...] | tuple[int, ...]

_HEADER = struct.Struct(">HB")
_FORMATS = {
    "DOUBLE": "d",
    "UINT64": "Q",
    "UINT32": "I",
    "INT32": "i",
    "UINT8": "B",
    "BOOL": "?",
    "VECTOR3D": "3d",
    "VECTOR6D": "6d",
    "VECTOR6INT32": "6i",
}


class Frame(IntEnum):
    """Frame types."""

    PROTOCOL_VERSION = ord("V")
    CONTROLLER_VERSION = ord("v")
    TEXT = ord("M")
    DATA = ord("U")
    OUTPUT_SETUP = ord("O")
    INPUT_SETUP = ord("I")
    START = ord("S")
    PAUSE = ord("P")


def encode(kind: Frame, payload: bytes) -> bytes:
    """Return one frame."""
    return _HEADER.pack(_HEADER.size + len(payload), kind) + payload


class FrameReader:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> list[tuple[int, bytes]]:
        """Add bytes as they arrived; return the complete frames as (type, payload). Raises SimError on a bad length."""
        self._rest += data
        frames = []
        while len(self._rest) >= _HEADER.size:
            length, kind = _HEADER.unpack_from(self._rest)
            if length < _HEADER.size:
                raise SimError(f"RTDE frame length is {length}, must be at least {_HEADER.size}")
            if len(self._rest) < length:
                break
            frames.append((kind, self._rest[_HEADER.size : length]))
            self._rest = self._rest[length:]
        return frames


class Recipe:
    """What one data package holds: names and types in order. Raises SimError for a type that RTDE does not have."""

    def __init__(self, number: int, names: Sequence[str], types: Sequence[str]) -> None:
        unknown = [kind for kind in types if kind not in _FORMATS]
        if unknown:
            raise SimError(f"RTDE types {', '.join(unknown)} are not known; known: {', '.join(_FORMATS)}")
        self.number, self.names = number, tuple(names)
        formats = [_FORMATS[kind] for kind in types]
        self._widths = [int(code[:-1] or 1) for code in formats]
        self._struct = struct.Struct(">B" + "".join(formats))

    @property
    def size(self) -> int:
        """Bytes of a package's payload."""
        return self._struct.size

    def pack(self, values: Mapping[str, Value]) -> bytes:
        """Return the payload of a data package."""
        flat: list[Any] = [self.number]
        for name, width in zip(self.names, self._widths, strict=True):
            if width == 1:
                flat.append(values[name])
            else:
                flat += values[name]  # type: ignore[arg-type]
        return self._struct.pack(*flat)

    def unpack(self, payload: bytes) -> dict[str, Value]:
        """Return the values of a data package; raises SimError if its size is not that of the recipe."""
        if len(payload) != self.size:
            raise SimError(f"RTDE package of recipe {self.number} has {len(payload)} bytes, must have {self.size}")
        flat = self._struct.unpack(payload)[1:]
        values: dict[str, Value] = {}
        at = 0
        for name, width in zip(self.names, self._widths, strict=True):
            values[name] = flat[at] if width == 1 else flat[at : at + width]
            at += width
        return values


def setup_reply(number: int, types: Iterable[str]) -> bytes:
    """Return the payload that answers a recipe set-up."""
    return bytes([number]) + ",".join(types).encode()


def read_names(text: bytes) -> tuple[str, ...]:
    """Return the names of a set-up request; ur_rtde ends its list with a comma."""
    return tuple(name for name in text.decode("ascii", "replace").split(",") if name)
