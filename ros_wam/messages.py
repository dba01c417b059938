"""ROS messages from plain fields, and quality of service from the table of topics. Imports ROS; nothing below does."""

import array
import functools
import importlib
import re
from typing import Any

import numpy as np
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from ros_wam.fields import Fields
from ros_wam.topics import Topic

_NESTED = re.compile(r"(\w+)/(?:msg/)?(\w+)")


@functools.cache
def message_class(type_name: str) -> Any:
    """Return the class of a type such as `sensor_msgs/msg/JointState`."""
    package, kind, name = type_name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), name)


def build(type_name: str, fields: Fields) -> Any:
    """Return a message of `type_name`; fields that are not given keep the message's defaults."""
    message = message_class(type_name)()
    types = message.get_fields_and_field_types()
    for name, value in fields.items():
        setattr(message, name, _value(types[name], value, getattr(message, name)))
    return message


def _value(type_name: str, value: Any, default: Any) -> Any:
    nested = _NESTED.search(type_name)
    if nested is not None:
        kind = f"{nested[1]}/msg/{nested[2]}"
        return [build(kind, item) for item in value] if isinstance(default, list) else build(kind, value)
    if type_name in ("octet", "byte"):
        return bytes([value])
    if isinstance(default, array.array):  # a numpy array here would be checked value by value: 100 ms for an image
        data = value if isinstance(value, bytes) else np.ascontiguousarray(value, default.typecode).tobytes()
        return array.array(default.typecode, data)
    return value


def qos(topic: Topic) -> QoSProfile:
    """Return the quality of service that both sides of `topic` use."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=topic.depth,
        reliability=ReliabilityPolicy.RELIABLE if topic.reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if topic.latched else DurabilityPolicy.VOLATILE,
    )
