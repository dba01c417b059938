"""What one trial came to: an entry of `trials` in results.json, key for key."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum
from typing import Any

from ros_wam.causes import Cause
from ros_wam.errors import TrialError
from ros_wam.trial.departures import Departure, departure_from_json
from ros_wam.types import Stage

POLICYS_OWN = frozenset({Cause.SOURCE_STALE, Cause.WORKSPACE, Cause.CONTACT_FORCE})
"""What a policy brings about itself, which is never the infrastructure's fault, however long it lasts."""

UNMARKED = "unmarked"
"""The failure class of a demonstration that was stopped and that nobody said the outcome of."""


class Outcome(Enum):
    """How a trial ended. Aborted: it was cut short, by a fault or by the operator."""

    SUCCESS = "success"
    FAILURE = "failure"
    ABORTED = "aborted"


@dataclass(frozen=True)
class Trial:
    """One scored rollout. What could not be measured is None.

    `score` is points over max points, 0–1. `valid` is False when the infrastructure failed, not the policy; `cause`
    then says how and `comment` what was seen. `failure_class` names the behaviour that failed: one of `POLICYS_OWN`
    that ended the trial, that every chunk was refused (see Metrics), what the operator called it (FAILURE_CLASSES), or
    `UNMARKED`. `takeovers`: how often a person took the robot over. `bag` is a folder relative to the sitting's.
    What is measured is told by `Metrics`; `quality` is what the gate of recordings found, as `Quality.to_json` says it.
    """

    trial_id: str
    task: str
    robot: str
    policy: str
    seed: int
    outcome: Outcome
    score: float
    stages: tuple[Stage, ...]
    valid: bool
    cause: Cause | None
    failure_class: str | None = None
    takeovers: int = 0
    comment: str = ""
    duration_s: float | None = None
    idle_fraction: float | None = None
    idle_after_first: float | None = None
    inference_ms: Mapping[str, float] | None = None
    interventions: int | None = None
    refusals: Mapping[str, int] | None = None
    departures: tuple[Departure, ...] | None = None
    dropped: Mapping[str, int] | None = None
    quality: Mapping[str, Any] | None = None
    bag: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `trials`."""
        return {
            **{item.name: getattr(self, item.name) for item in fields(self)},
            "outcome": self.outcome.value,
            "stages": [asdict(stage) for stage in self.stages],
            "cause": None if self.cause is None else self.cause.value,
            "departures": None if self.departures is None else [item.to_json() for item in self.departures],
        }

    def with_departures(self, measured: tuple[Departure, ...] | None) -> "Trial":
        """Return the trial with what was measured of them; what it already knows and the bag does not tell stays."""
        told = {item.cause for item in measured or ()}
        kept = tuple(item for item in self.departures or () if item.cause not in told)
        return replace(self, departures=None if measured is None and not kept else (*(measured or ()), *kept))


def trial_from_json(data: Mapping[str, Any]) -> Trial:
    """Return the Trial that `to_json` wrote; raises TrialError naming what does not fit."""
    try:
        return Trial(
            **{
                **data,
                "outcome": Outcome(data["outcome"]),
                "stages": tuple(Stage(**stage) for stage in data["stages"]),
                "cause": None if data["cause"] is None else Cause(data["cause"]),
                "departures": _departures(data.get("departures")),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TrialError(f"not a trial: {error!r}; keys must be {', '.join(f.name for f in fields(Trial))}") from error


def _departures(data: Sequence[Mapping[str, Any]] | None) -> tuple[Departure, ...] | None:
    return None if data is None else tuple(departure_from_json(item) for item in data)


def score_of(stages: tuple[Stage, ...], success: bool) -> float:
    """Return points over max points, 0–1; a task without stages scores by its success alone."""
    possible = sum(stage.max_points for stage in stages)
    if possible <= 0.0:
        return float(success)
    return min(1.0, max(0.0, sum(stage.points for stage in stages) / possible))
