"""A task as its `config/tasks/<name>.yaml` describes it: what to tell the policy, and how a trial of it is scored."""

import math
from dataclasses import dataclass
from pathlib import Path

from ros_wam.config import load
from ros_wam.errors import ConfigError
from ros_wam.share import share_dir


@dataclass(frozen=True)
class TaskStage:
    """One stage of a task and what it is worth."""

    name: str
    points: float


@dataclass(frozen=True)
class Task:
    """One task. `robots` lists the embodiments it suits; a trial's score is the share of the stages' points."""

    name: str
    prompt: str
    robots: tuple[str, ...]
    time_limit_s: float
    stages: tuple[TaskStage, ...]

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"task {self.name}: stages must have different names and at least one: {names}")
        numbers = {"time_limit_s": self.time_limit_s} | {f"points of {s.name}": s.points for s in self.stages}
        for name, value in numbers.items():
            if not 0.0 < value < math.inf:
                raise ConfigError(f"task {self.name}: {name} is {value}, must be finite and above 0")


def load_task(path: Path) -> Task:
    """Read `config/tasks/<name>.yaml`; raises ConfigError."""
    return load(path, Task)


def task_for(robot: str) -> Path | None:
    """Return the file of the first task of the package that suits the robot of this name, None if none does."""
    tasks = sorted((share_dir() / "config" / "tasks").glob("*.yaml"))
    return next((path for path in tasks if robot in load_task(path).robots), None)
