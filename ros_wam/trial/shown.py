"""What there is to show of a trial at one moment."""

from collections.abc import Mapping
from typing import Any

from ros_wam.trial.outcome import Trial, score_of
from ros_wam.types import Stage


def shown_trial(trial: Trial | None, stages: tuple[Stage, ...]) -> Mapping[str, Any]:
    """Return, in JSON types, what `trial` came to, all None while it has not ended, and what `stages` are worth."""
    stages = stages if trial is None else trial.stages
    return {
        "stages": [_shown(stage) for stage in stages],
        "score": round(score_of(stages, False), 4) if trial is None else trial.score,
        "outcome": None if trial is None else trial.outcome.value,
        "valid": None if trial is None else trial.valid,
        "cause": None if trial is None or trial.cause is None else trial.cause.value,
        "failure_class": None if trial is None else trial.failure_class,
        "comment": "" if trial is None else trial.comment,
        "duration_s": None if trial is None else trial.duration_s,
    }


def _shown(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "points": stage.points,
        "max_points": stage.max_points,
        "retries": stage.retries,
        "achieved": stage.stamp_ns is not None,
    }
