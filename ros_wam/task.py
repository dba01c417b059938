"""A task as its `config/tasks/<name>.yaml` describes it: what to tell the policy, and how a trial of it is scored."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ros_wam.config import load
from ros_wam.errors import ConfigError
from ros_wam.share import share_dir

RETRY_PENALTY = 0.5
"""Points that a retry within a stage costs, of 10: RoboChallenge's rubric of put_cup_on_coaster."""
RUBRICS = ("ours", "official")


@dataclass(frozen=True)
class TaskStage:
    """One stage of a task and what it is worth; one that is not `required` is scored, and success does without it."""

    name: str
    points: float
    required: bool = True


@dataclass(frozen=True)
class Task:
    """One task. `robots` lists the embodiments it suits; a trial's score is the share of the stages' points.

    `views`: those that a policy needs to see it done, none named meaning every view of the robot. `rubric`: whose the
    stages are, the benchmark's own or ours. `retry_penalty`: the points that a retry within a stage costs. `reset`: how
    a person lays the scene out, step by step.
    """

    name: str
    prompt: str
    robots: tuple[str, ...]
    time_limit_s: float
    stages: tuple[TaskStage, ...]
    views: tuple[str, ...] = ()
    rubric: str = "ours"
    retry_penalty: float = RETRY_PENALTY
    reset: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"task {self.name}: stages must have different names and at least one: {names}")
        numbers = {"time_limit_s": self.time_limit_s} | {f"points of {s.name}": s.points for s in self.stages}
        for name, value in numbers.items():
            if not 0.0 < value < math.inf:
                raise ConfigError(f"task {self.name}: {name} is {value}, must be finite and above 0")
        if not 0.0 <= self.retry_penalty < math.inf:
            raise ConfigError(f"task {self.name}: retry_penalty is {self.retry_penalty}, must be finite and 0 or more")
        if self.rubric not in RUBRICS:
            raise ConfigError(f"task {self.name}: rubric is {self.rubric!r}, must be one of {', '.join(RUBRICS)}")

    @property
    def max_points(self) -> float:
        """What all stages are worth together."""
        return sum(stage.points for stage in self.stages)


def load_task(path: Path) -> Task:
    """Read `config/tasks/<name>.yaml`; raises ConfigError."""
    return load(path, Task)


def task_files() -> list[Path]:
    """Return the files of the package's tasks, by name."""
    return sorted((share_dir() / "config" / "tasks").glob("*.yaml"))


def task_for(robot: str, first: Collection[str] = ()) -> Path | None:
    """Return the file of a task of the package that suits the robot of this name, None if none does.

    Those named `first` come first, such as those that can be simulated, then by name.
    """
    ordered = sorted(task_files(), key=lambda path: path.stem not in first)
    return next((path for path in ordered if robot in load_task(path).robots), None)
