"""One trial as the report shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ros_wam.trial.outcome import Trial
from ros_wam.trial.trace import Trace


@dataclass(frozen=True)
class Picture:
    """One frame of a film strip: JPEG bytes and when it was captured."""

    stamp_ns: int
    jpeg: bytes


@dataclass(frozen=True)
class Episode:
    """A trial, its trace and a few pictures of each view, oldest first; without a trace, `missing` says why."""

    trial: Trial
    trace: Trace | None = None
    film: Mapping[str, tuple[Picture, ...]] = field(default_factory=dict)
    missing: str = ""
