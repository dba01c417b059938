"""What acts on the robot, as `safety_status` says it and the record keeps it."""

import json
from collections.abc import Iterable
from typing import Any

from ros_wam.causes import Action, Cause
from ros_wam.errors import SpecError
from ros_wam.ladder import Active


def active_as_json(acting: Iterable[Active]) -> list[dict[str, Any]]:
    """Return what acts on the robot in JSON types."""
    return [{"cause": a.cause.value, "action": a.action.name, "since_ns": a.since_ns} for a in acting]


def read_active(text: str) -> tuple[Active, ...]:
    """Undo `active_as_json` from its text; nothing acts where it is empty. Raises SpecError when it is no such list."""
    try:
        said = json.loads(text or "[]")
        return tuple(Active(Cause(item["cause"]), int(item["since_ns"]), Action[item["action"]]) for item in said)
    except (ValueError, KeyError, TypeError) as error:
        raise SpecError(f"active: {text[:80]!r} must be a list of cause, action and since_ns: {error!r}") from error
