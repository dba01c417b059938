"""Joint positions from rows of joint actions."""

import numpy as np

from ros_wam.causes import RefusalReason
from ros_wam.errors import ChunkRefused
from ros_wam.policy.action_spec import ActionSpec
from ros_wam.types import FloatArray

MOST_SLOWED = 10.0
"""How much too fast a motion may be. More was never meant for this robot: the units are mistaken."""


def positions(
    rows: FloatArray, spec: ActionSpec, dt_s: float, here: FloatArray, initial: FloatArray, limit: FloatArray
) -> tuple[FloatArray, float]:
    """Return joint positions `(T', k)` [rad] for `rows` `(T, k)` [rad, velocities rad/s], and the smallest share of its
    way that a row goes.

    `here` and `initial` `(k,)`: where the joints were at the observation, and when the episode began. Motions are added
    up from `here` on, with `here` as the first of T + 1 rows. A motion in which one joint is beyond its `limit` `(k,)`
    [rad/s] is slowed, in all joints alike, as the controllers do that such policies are made for (DROID,
    robot_ik_solver.py). Raises ChunkRefused (VELOCITY) where it is more than MOST_SLOWED times too fast.
    """
    if spec.begins_at_state:
        steps = rows * dt_s if spec.space == "joint_velocity" else rows
        with np.errstate(over="ignore"):
            excess = np.abs(steps / (limit * dt_s)).max(axis=1, keepdims=True)
        row = int(excess.argmax())
        if excess[row, 0] > MOST_SLOWED:
            told = f"row {row} asks for {excess[row, 0]:.0f} times the speed that a joint has"
            asked = "is it in degrees, or not made physical?"
            raise ChunkRefused(RefusalReason.VELOCITY, f"{told}, at most {MOST_SLOWED:g} times is slowed: {asked}")
        slowed = np.maximum(excess, 1.0)
        return np.vstack([here, here + np.cumsum(steps / slowed, axis=0)]), float(1.0 / slowed.max())
    origin = {"relative": here, "initial": initial}.get(spec.reference)
    return (rows if origin is None else origin + rows), 1.0
