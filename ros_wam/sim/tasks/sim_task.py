"""What a simulated task adds to the bare table, and how the simulator sees that a stage is reached."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np


class SimTask(Protocol):
    """The simulator's side of a task; policies never see it."""

    name: str

    def add_to(self, spec: Any) -> None:
        """Add the task's bodies to the `mujoco.MjSpec` of the scene."""
        ...

    def lay_out(self, model: Any, data: Any, rng: np.random.Generator) -> None:
        """Put the task's bodies where an episode begins, at rest; `rng` decides where."""
        ...

    def conditions(self, model: Any, data: Any) -> Mapping[str, bool]:
        """Return, by stage name, what holds at this instant."""
        ...

    def done(self, model: Any, data: Any) -> bool:
        """Return whether the goal of the task holds at this instant, however it was reached."""
        ...
