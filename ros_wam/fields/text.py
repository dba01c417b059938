"""What travels as one word or one JSON object (`std_msgs/String`), and the enable signal (`std_msgs/Bool`)."""

import json
from collections.abc import Mapping
from typing import Any

from ros_wam.errors import SpecError
from ros_wam.fields.stamp import Fields
from ros_wam.types import Mode


def json_object(value: Mapping[str, Any]) -> Fields:
    """`trial_command`, `trial_event`: one JSON object."""
    return {"data": json.dumps(value)}


def read_json_object(message: Any) -> dict[str, Any]:
    """Return the object; raises SpecError when the text is no JSON object."""
    try:
        value = json.loads(message.data)
    except json.JSONDecodeError as error:
        raise SpecError(f"not a JSON object: {message.data!r}: {error}") from error
    if not isinstance(value, dict):
        raise SpecError(f"not a JSON object: {message.data!r}")
    return value


def robot_mode(mode: Mode) -> Fields:
    """`robot_mode`."""
    return {"data": mode.value}


def read_robot_mode(message: Any) -> Mode:
    """Return the mode; raises SpecError when there is no such mode."""
    try:
        return Mode(message.data)
    except ValueError as error:
        raise SpecError(f"robot_mode is {message.data!r}, must be one of {', '.join(m.value for m in Mode)}") from error


def enable(held: bool) -> Fields:
    """`enable`: the operator's hold-to-run signal."""
    return {"data": held}


def read_enable(message: Any) -> bool:
    """Return whether the signal is held."""
    return bool(message.data)
