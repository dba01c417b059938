"""Scores a trial from the simulator's state, which no policy can reach."""

from dataclasses import dataclass

from ros_wam.errors import SimError
from ros_wam.sim.world import World
from ros_wam.task import Task
from ros_wam.types import Stage

SCORE_PERIOD_NS = 10_000_000
"""How often to look."""
DWELL_NS = 100_000_000
"""How long something must hold, or not hold, to count: contacts flicker and objects bounce."""


@dataclass
class _Settled:
    """A condition that changes only after it has held, or not held, for the dwell time."""

    holds: bool = False
    _changing_since_ns: int | None = None

    def update(self, holds: bool, now_ns: int) -> bool:
        """Return whether the condition has just begun to hold."""
        if holds == self.holds:
            self._changing_since_ns = None
            return False
        if self._changing_since_ns is None:
            self._changing_since_ns = now_ns
        if now_ns - self._changing_since_ns < DWELL_NS:
            return False
        self.holds, self._changing_since_ns = holds, None
        return holds


class Scorer:
    """Stages latch: once reached they stay scored, and reaching one again is a retry. Success is the final state."""

    def __init__(self, world: World, task: Task) -> None:
        """Raises SimError when the task file and the simulator do not name the same stages."""
        self._world, self._task = world, task
        known = set(world.task.conditions(world.model, world.data))
        wrong = sorted(known ^ {stage.name for stage in task.stages})
        if wrong:
            raise SimError(f"task {task.name}: the task file and the simulator differ in the stages {', '.join(wrong)}")
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new trial begins."""
        self._settled = {stage.name: _Settled() for stage in self._task.stages}
        self._reached_ns: dict[str, int] = {}
        self._retries = dict.fromkeys(self._settled, 0)
        self._done = _Settled()

    def update(self, now_ns: int) -> None:
        """Look at the world as it is at `now_ns`; call it every `SCORE_PERIOD_NS`."""
        for name, holds in self._world.task.conditions(self._world.model, self._world.data).items():
            if not self._settled[name].update(holds, now_ns):
                continue
            if name in self._reached_ns:
                self._retries[name] += 1
            else:
                self._reached_ns[name] = now_ns
        self._done.update(self._world.task.done(self._world.model, self._world.data), now_ns)

    def stages(self) -> tuple[Stage, ...]:
        """The stages as scored so far, in the task's order; `stamp_ns` is when a stage was first reached."""
        return tuple(
            Stage(
                name=stage.name,
                points=stage.points if stage.name in self._reached_ns else 0.0,
                max_points=stage.points,
                retries=self._retries[stage.name],
                stamp_ns=self._reached_ns.get(stage.name),
            )
            for stage in self._task.stages
        )

    def succeeded(self) -> bool:
        """Return whether the task's goal holds now, whatever the stages say."""
        return self._done.holds
