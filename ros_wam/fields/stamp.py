"""Station time as ROS writes it: the one conversion between nanoseconds and `builtin_interfaces` Time and Duration."""

from collections.abc import Mapping
from typing import Any

Fields = Mapping[str, Any]

_NS_PER_S = 1_000_000_000


def stamp(time_ns: int) -> Fields:
    """Return `time_ns` as the fields of a Time or a Duration."""
    return {"sec": time_ns // _NS_PER_S, "nanosec": time_ns % _NS_PER_S}


def read_stamp(message: Any) -> int:
    """Return a Time or Duration message in nanoseconds."""
    return int(message.sec) * _NS_PER_S + int(message.nanosec)


def header(stamp_ns: int, frame_id: str = "") -> Fields:
    """Return the fields of a `std_msgs/Header`."""
    return {"stamp": stamp(stamp_ns), "frame_id": frame_id}
