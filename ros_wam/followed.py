"""The word of a chunk's first setpoint: the control process says it in `safety_status`, the policy waits for it."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from ros_wam.errors import SpecError


@dataclass(frozen=True)
class Followed:
    """A chunk was handed to the control process, a tick was due, and with it the first setpoint was sent [ns]."""

    inference: int
    chunk: int
    handed_ns: int
    due_ns: int
    sent_ns: int

    def as_json(self) -> dict[str, int]:
        """Return it in JSON types."""
        return asdict(self)


def read_followed(text: str) -> Followed | None:
    """Return what a value of `safety_status` says, None if it is empty; raises SpecError when it is no such word."""
    if not text:
        return None
    try:
        value: Any = json.loads(text)
    except json.JSONDecodeError:
        value = None
    names = [field.name for field in fields(Followed)]
    if not isinstance(value, dict) or sorted(value) != sorted(names) or not all(type(v) is int for v in value.values()):
        raise SpecError(f"followed: {text[:80]!r} must be a JSON object of integers: {', '.join(names)}")
    return Followed(**value)
