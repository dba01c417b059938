"""What a person says a trial achieved: stages, retries, how it failed, and a remark. Success is said apart."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ros_wam.errors import TrialError
from ros_wam.task import Task
from ros_wam.types import Stage

FAILURE_CLASSES = ("perception_failure", "action_error", "recovery_failure", "timeout", "jitter", "other")
"""What an operator may call a failure."""
MANY_RETRIES = 4
"""More of them than this in one stage may end a trial."""
MARKS = ("stage", "retry", "failure_class", "comment")
"""The verbs that a sheet is told."""


@dataclass(frozen=True)
class ScoreSheet:
    """A stage that was achieved has a `stamp_ns`, and its points less `retry_penalty` per retry, never below 0."""

    stages: tuple[Stage, ...] = ()
    retry_penalty: float = 0.0
    failure_class: str | None = None
    comment: str = ""

    def told(self, command: Mapping[str, Any], now_ns: int) -> "ScoreSheet":
        """Return the sheet after one of `MARKS`; raises TrialError for what cannot be marked so."""
        verb, name = command.get("verb"), command.get("name")
        if verb == "stage":
            return self.achieved(name, _flag(command.get("achieved")), now_ns)
        if verb == "retry":
            return self.retried(name, _step(command.get("change")))
        if verb == "failure_class":
            return self.classified(name)
        text = command.get("text")
        if not isinstance(text, str):
            raise TrialError(f"text of a comment is {text!r}, must be text")
        return replace(self, comment=text.strip())

    def achieved(self, name: Any, achieved: bool, now_ns: int) -> "ScoreSheet":
        """Return the sheet with the stage achieved, since `now_ns` unless it was before, or undone."""
        stage = self._stage(name)
        since_ns = now_ns if stage.stamp_ns is None else stage.stamp_ns
        return self._with(replace(stage, stamp_ns=since_ns if achieved else None))

    def retried(self, name: Any, change: int) -> "ScoreSheet":
        """Return the sheet with one retry more in the stage, or one less."""
        stage = self._stage(name)
        if stage.retries + change < 0:
            raise TrialError(f"stage {stage.name} has no retry to take back")
        return self._with(replace(stage, retries=stage.retries + change))

    def classified(self, name: Any) -> "ScoreSheet":
        """Return the sheet with the failure called `name`, None for nothing."""
        if name is not None and name not in FAILURE_CLASSES:
            raise TrialError(f"failure class is {name!r}, must be one of {', '.join(FAILURE_CLASSES)}")
        return replace(self, failure_class=name)

    @property
    def spent(self) -> str | None:
        """Why the trial may be ended: a stage's retries are too many, or cost more than it is worth."""
        for stage in self.stages:
            if stage.retries > MANY_RETRIES or stage.retries * self.retry_penalty > stage.max_points:
                return f"{stage.retries} retries of stage {stage.name}: the trial may be ended"
        return None

    def _stage(self, name: Any) -> Stage:
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise TrialError(f"stage is {name!r}, must be one of {', '.join(stage.name for stage in self.stages)}")

    def _with(self, changed: Stage) -> "ScoreSheet":
        earned = 0.0 if changed.stamp_ns is None else changed.max_points
        points = max(0.0, earned - self.retry_penalty * changed.retries)
        stages = (replace(changed, points=points) if stage.name == changed.name else stage for stage in self.stages)
        return replace(self, stages=tuple(stages))


def empty_sheet(task: Task | None) -> ScoreSheet:
    """Return the sheet of a trial in which nothing has been achieved yet."""
    if task is None:
        return ScoreSheet()
    return ScoreSheet(tuple(Stage(stage.name, 0.0, stage.points) for stage in task.stages), task.retry_penalty)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TrialError(f"achieved of a stage is {value!r}, must be true or false")
    return value


def _step(value: Any) -> int:
    if isinstance(value, bool) or value not in (1, -1):
        raise TrialError(f"change of a stage's retries is {value!r}, must be 1 or -1")
    return int(value)
