"""One press of one button, as timed moves: above it, down with closed fingers, stay, up again."""

from dataclasses import dataclass

import numpy as np

from ros_wam.policies.mover import Mover
from ros_wam.policies.tool_vector import at_height
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

_HOVER_M = 0.10  # the tool above where it presses: fingers above all buttons, and the wrist camera sees this one whole
_PRESS_SPEED_M_S = 0.20  # at most, half-way down; the fingers meet the button much slower
_STAY_S = 0.55  # longer than from call to call: one of them sees how far down the tool came
_SHORT_M = 0.004  # a press that ends so much higher was none


@dataclass(frozen=True, eq=False)
class Press:
    """When, in plan time [s], which part of the press begins; `bottom` is the tool vector `(6,)` to go down to."""

    colour: str
    bottom: FloatArray
    hover_s: float
    descend_s: float
    down_s: float
    leave_s: float
    done_s: float

    def fell_short(self, lowest_m: float) -> bool:
        """Return whether a tool that came no lower than `lowest_m` did not press."""
        return bool(lowest_m > self.bottom[2] + _SHORT_M)


def plan_press(
    mover: Mover,
    trajectory: Trajectory,
    colour: str,
    bottom: FloatArray,
    start_s: float,
    seed: FloatArray,
    descend_after_s: float = 0.0,
) -> Press:
    """Add the whole press from `start_s` on, the descent after `descend_after_s`. Raises PoseUnreachable.

    `seed` `(n,)`: joint positions near by, for the inverse kinematics.
    """
    trajectory.grip(0.0, start_s)
    hover = at_height(bottom, float(bottom[2]) + _HOVER_M)
    start_s = go_over(mover, trajectory, hover, start_s, seed)
    hover_s = max(trajectory.end_s, start_s)
    descend_s = max(hover_s, descend_after_s)
    down_s = mover.go(trajectory, bottom, descend_s, seed, _PRESS_SPEED_M_S)
    leave_s = down_s + _STAY_S
    done_s = mover.go(trajectory, hover, leave_s, seed)
    return Press(colour, bottom, hover_s, descend_s, down_s, leave_s, done_s)


def go_over(mover: Mover, trajectory: Trajectory, goal: FloatArray, start_s: float, seed: FloatArray) -> float:
    """Add the way to `goal` `(6,)`, straight up first from where the tool is lower; return when it ends [s]."""
    end = trajectory.end
    if end[2] < goal[2] - 1e-3 and np.hypot(*(goal - end)[:2]) > 1e-3:
        start_s = mover.go(trajectory, at_height(end, float(goal[2])), start_s, seed)
    return mover.go(trajectory, goal, start_s, seed)
