"""What a session asks of the work on one task: where to go, decided a little ahead of where the robot is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ros_wam.types import FloatArray

Images = Mapping[str, NDArray[np.uint8]]
"""RGB pictures by view."""


@dataclass(frozen=True, eq=False)
class Moment:
    """A call: where the robot is in plan time, from when on the plan may change now and at the next call; joints."""

    stamp_ns: int
    plan_s: float
    splice_s: float
    next_splice_s: float
    joints: FloatArray


class Planner(Protocol):
    """Plans in plan time [s], which passes while the robot follows and stands still while it is held.

    What the plan says before `Moment.splice_s` is being executed already: no change may touch it, and position and
    velocity have to be continuous there. A `Trajectory` sees to both.
    """

    def begin(self, joints: FloatArray) -> None:
        """Plan anew, from rest at `joints` `(n,)` at plan time 0: at first, and wherever somebody brought the robot."""
        ...

    def look(self, images: Images, moment: Moment) -> None:
        """Take in what the cameras see."""
        ...

    def decide(self, moment: Moment) -> None:
        """Change the plan from `moment.splice_s` on, if there is reason to."""
        ...

    def rows(self, times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """Return the plan's joint positions `(k, n)` at the plan times `(k,)`; the robot is near `joints` `(n,)`.

        Raises PoseUnreachable where the plan leads where an arm cannot go.
        """
        ...
