"""A task as its `config/tasks/<name>.yaml` describes it: what to tell the policy, and how a trial of it is scored."""

from dataclasses import dataclass
from pathlib import Path

from ros_wam.config import load
from ros_wam.errors import ConfigError


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
        if self.time_limit_s <= 0.0 or any(stage.points <= 0.0 for stage in self.stages):
            raise ConfigError(f"task {self.name}: time_limit_s ({self.time_limit_s}) and points must be above 0")

    @property
    def max_points(self) -> float:
        """The points of a perfect trial."""
        return sum(stage.points for stage in self.stages)


def load_task(path: Path) -> Task:
    """Read `config/tasks/<name>.yaml`; raises ConfigError."""
    return load(path, Task)
