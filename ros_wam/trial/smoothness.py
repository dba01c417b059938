"""How smooth the sent motion was: its largest velocity, acceleration and jerk, as shares of the robot's limits."""

from dataclasses import dataclass

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.trial.trace import Trace
from ros_wam.types import FloatArray


@dataclass(frozen=True)
class Smoothness:
    """The peaks over all arm joints, as shares of their limits, and the largest difference desired to sent [rad].

    A HOLD may exceed the jerk limit, which is the planner's; `jerk` leaves those ticks out.
    """

    velocity: float
    acceleration: float
    jerk: float
    narrowed_rad: float


def smoothness(trace: Trace, embodiment: Embodiment) -> Smoothness | None:
    """Measure every tick that was sent while the policy had the robot; None for fewer than four in a row."""
    ran, arm = trace.while_running(), ~embodiment.is_gripper
    follows = np.diff(ran.origin.sequence, prepend=ran.origin.sequence[:1] - 1) == 1
    # what is missing from the record is no jump: not a number is not a peak
    sent = np.where(follows[:, None], ran.sent[:, arm], np.nan)
    velocity = np.diff(sent, axis=0) / embodiment.period_s
    acceleration = np.diff(velocity, axis=0) / embodiment.period_s
    jerk = np.diff(acceleration, axis=0) / embodiment.period_s
    if not np.isfinite(jerk).any():
        return None
    free = ~ran.held
    smooth = free[:-3] & free[1:-2] & free[2:-1] & free[3:]
    return Smoothness(
        _peak(velocity / embodiment.velocity[arm]),
        _peak(acceleration / embodiment.acceleration[arm]),
        _peak((jerk / embodiment.jerk[arm])[smooth]),
        _peak((ran.sent - ran.desired)[free][:, arm]),
    )


def _peak(values: FloatArray) -> float:
    return float(np.nanmax(np.abs(values), initial=0.0))
