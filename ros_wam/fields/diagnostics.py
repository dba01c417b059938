"""Status reports as `diagnostic_msgs/DiagnosticArray`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from ros_wam.fields.stamp import Fields, header, read_stamp


class Level(IntEnum):
    """Severity, with the numbers of `diagnostic_msgs/DiagnosticStatus`."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True)
class Diagnostic:
    """One status. `values` are text on the wire: strings as they are, anything else as JSON, None as nothing."""

    name: str
    level: Level
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)


def diagnostics(stamp_ns: int, *statuses: Diagnostic) -> Fields:
    """`safety_status`, `policy_status`, `system_status`."""
    return {"header": header(stamp_ns), "status": [_status(status) for status in statuses]}


def _status(status: Diagnostic) -> Fields:
    values = [{"key": key, "value": _text(value)} for key, value in status.values.items()]
    return {"level": int(status.level), "name": status.name, "message": status.message, "values": values}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def read_diagnostics(message: Any) -> tuple[int, tuple[Diagnostic, ...]]:
    """Return the stamp [ns] and the statuses; their values are strings."""
    statuses = tuple(
        Diagnostic(status.name, _level(status.level), status.message, {item.key: item.value for item in status.values})
        for status in message.status
    )
    return read_stamp(message.header.stamp), statuses


def _level(value: bytes | int) -> Level:
    return Level(value[0] if isinstance(value, bytes) else int(value))  # ROS says bytes, rosbags a number
