"""One trial as the report shows it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ros_wam.trial.outcome import Trial
from ros_wam.trial.smoothness import Smoothness
from ros_wam.trial.trace import Trace
from ros_wam.types import Stage

PICTURES = 8
"""How many of each view a report shows, if the recording has as many."""


@dataclass(frozen=True)
class Picture:
    """One frame of a film strip: JPEG bytes and when it was captured."""

    stamp_ns: int
    jpeg: bytes


@dataclass(frozen=True)
class Episode:
    """A trial, its trace and a few pictures of each view, oldest first; without a trace, `missing` says why.

    `smoothness` is None where nothing was measured, or the robot's limits are not known.
    """

    trial: Trial
    trace: Trace | None = None
    film: Mapping[str, tuple[Picture, ...]] = field(default_factory=dict)
    missing: str = ""
    smoothness: Smoothness | None = None

    @property
    def stages(self) -> list[Stage]:
        """The stages in the order of time, then those that were not achieved."""
        return sorted(self.trial.stages, key=lambda s: math.inf if s.stamp_ns is None else s.stamp_ns)

    @property
    def stream(self) -> Mapping[str, tuple[int, int]]:
        """Per topic how many messages are missing, and of how many."""
        heard = {} if self.trace is None else self.trace.heard
        missing = self.trial.dropped or {}
        return {topic: (n, n + heard[topic]) for topic, n in missing.items() if topic in heard}
