"""What a check finds wrong with a recording."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class CheckName(Enum):
    """The closed list of what can be wrong; `trial.json` names these."""

    DROPPED_FRAMES = "dropped_frames"
    LOW_RATE = "low_rate"
    VIEW_SKEW = "view_skew"
    FROZEN_CAMERA = "frozen_camera"
    CLOCK_STEP = "clock_step"
    SLOW_LOOP = "slow_loop"
    JERK = "jerk"
    CLIPPED_COMMANDS = "clipped_commands"
    LEADER_LOST = "leader_lost"
    TRACKING_LAG = "tracking_lag"
    IDLE_HEAD = "idle_head"
    IDLE_TAIL = "idle_tail"
    TOO_SHORT = "too_short"
    UNMARKED_SUCCESS = "unmarked_success"
    UNREADABLE = "unreadable"


class Severity(Enum):
    """How much it matters."""

    WARN = "warn"
    """Whoever trains with the recording should know."""
    BAD = "bad"
    """The recording is not to be trained with."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in words, from `start_s` to `end_s` after the recording began [s].

    `value` is what was measured and `bound` what it may be, in the unit that `detail` says.
    """

    check: CheckName
    severity: Severity
    detail: str
    start_s: float
    end_s: float
    value: float
    bound: float

    def to_json(self) -> dict[str, Any]:
        """Return it as trial.json keeps it."""
        return {**asdict(self), "check": self.check.value, "severity": self.severity.value}


def graded(value: float, bounds: tuple[float, float]) -> tuple[Severity, float] | None:
    """Return how much `value` matters and which of `bounds` (warning, bad) it exceeds; None when neither."""
    warn, bad = bounds
    if value > bad:
        return Severity.BAD, bad
    return (Severity.WARN, warn) if value > warn else None


def finding_from_json(data: Mapping[str, Any]) -> Finding:
    """Undo `to_json`; raises KeyError, TypeError or ValueError for what is none."""
    return Finding(**{**data, "check": CheckName(data["check"]), "severity": Severity(data["severity"])})
