"""At which instants an episode is sampled, and how old what stands for an instant may be."""

import math
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from ros_wam.errors import ExportError

MAX_AGE_S = 0.1
"""How old a picture may be at most, and how far the joint measurements around an instant may be apart: what a policy is
shown at most, too, unless its profile says otherwise."""


class Action(Enum):
    """Which joint positions are the action of a sample."""

    SENT = "sent"
    """What was sent to the robot, after every limit."""
    ASKED = "asked"
    """What the policy or the leader asked for; where there was nothing to follow, what the smoother made of that."""


class StateAt(Enum):
    """When the joint state of a sample was true."""

    INSTANT = "instant"
    """At the sample's instant; its pictures are a little older."""
    PICTURE = "picture"
    """When the oldest of its pictures was captured, as a policy is shown it by this package."""


class Gaps(Enum):
    """What becomes of an instant in the middle of an episode that nothing fresh enough stands for."""

    REFUSE = "refuse"
    """The episode is left out."""
    DROP = "drop"
    """The sample is left out and counted; the true stamps of the others show the gap."""


@dataclass(frozen=True)
class Sampling:
    """`rate_hz` instants a second; `trim`: without the time before the robot first moves and after it last does.

    `max_age_s`: of a picture; joint measurements around an instant may be as far apart.
    """

    rate_hz: float
    max_age_s: float = MAX_AGE_S
    action: Action = Action.SENT
    state_at: StateAt = StateAt.INSTANT
    gaps: Gaps = Gaps.REFUSE
    trim: bool = False

    def __post_init__(self) -> None:
        for name, value in (("rate_hz", self.rate_hz), ("max_age_s", self.max_age_s)):
            if not 0.0 < value < math.inf:
                raise ExportError(f"{name} is {value}, must be finite and above 0")

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return {key: value.value if isinstance(value, Enum) else value for key, value in asdict(self).items()}

    @property
    def max_age_ns(self) -> int:
        """`max_age_s` in nanoseconds."""
        return round(self.max_age_s * 1e9)
