"""Messages as the bytes that ROS puts on the wire (CDR), written and read without ROS."""

import functools
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.base import TypesysError
from rosbags.typesys.store import Typestore

from ros_wam.errors import RecordError
from ros_wam.fields import Fields

_STAMP = struct.Struct("<xBxxiI")  # encapsulation (1: little endian), then the header's Time
_STAMPED = frozenset(
    {
        "diagnostic_msgs/msg/DiagnosticArray",
        "sensor_msgs/msg/CameraInfo",
        "sensor_msgs/msg/CompressedImage",
        "sensor_msgs/msg/JointState",
        "trajectory_msgs/msg/JointTrajectory",
    }
)
_ZERO = {"string": "", "bool": False, "float32": 0.0, "float64": 0.0}


@functools.cache
def typestore() -> Typestore:
    """Return the message definitions; those that we use are the same in Jazzy and Kilted."""
    return get_typestore(Stores.ROS2_KILTED)


def serialize(type_name: str, fields: Fields) -> bytes:
    """Return a message of `type_name` as ROS would publish it; fields that are not given are zero or empty.

    Raises RecordError when a field does not fit the type.
    """
    try:
        return bytes(typestore().serialize_cdr(_message(type_name, fields), type_name))
    except (SerdeError, TypesysError, TypeError) as error:
        raise RecordError(f"fields {', '.join(fields)} do not fit {type_name}: {error}") from error


def deserialize(type_name: str, data: bytes) -> Any:
    """Return the message, its fields as attributes; raises RecordError when the bytes are not of this type."""
    try:
        return typestore().deserialize_cdr(data, type_name)
    except (SerdeError, TypesysError) as error:
        raise RecordError(f"{len(data)} bytes are no {type_name}: {error}") from error


def _message(type_name: str, fields: Fields) -> Any:
    make, fillers = _plan(type_name)
    unknown = [name for name in fields if name not in fillers]
    if unknown:
        raise RecordError(f"{type_name} has no field {', '.join(unknown)}; it has: {', '.join(fillers)}")
    return make(**{name: fill(fields.get(name)) for name, fill in fillers.items()})


@functools.cache
def _plan(type_name: str) -> tuple[Any, dict[str, Callable[[Any], Any]]]:
    """Return the class of a type, and per field what turns a value, or None, into what rosbags serializes."""
    definition = typestore().get_msgdef(type_name).fields
    return typestore().types[type_name], {name: _filler(kind) for name, kind in definition}


def _filler(kind: Any) -> Callable[[Any], Any]:
    node, argument = kind
    if node == Nodetype.NAME:
        return lambda value: _message(argument, {} if value is None else value)
    if node == Nodetype.BASE:
        zero = _ZERO.get(argument[0], 0)
        return lambda value: zero if value is None else value
    item, length = argument
    if item[0] != Nodetype.NAME and item[1][0] == "string":
        return lambda value: [] if value is None else list(value)
    if item[0] == Nodetype.NAME:
        fill = _filler(item)
        return lambda value: [] if value is None else [fill(element) for element in value]
    return functools.partial(_array, item[1][0], length if node == Nodetype.ARRAY else 0)


def _array(dtype: str, length: int, value: Any) -> Any:
    if value is None:
        return np.zeros(length, dtype)
    return np.frombuffer(value, np.uint8) if isinstance(value, bytes) else np.ascontiguousarray(value, dtype)


def source_stamp_ns(type_name: str, data: bytes) -> int | None:
    """Return the header's stamp of a serialized message without decoding it, None for a type without a header."""
    if type_name not in _STAMPED or len(data) < _STAMP.size:
        return None
    endianness, seconds, nanoseconds = _STAMP.unpack_from(data)
    return seconds * 1_000_000_000 + nanoseconds if endianness == 1 and seconds >= 0 else None
