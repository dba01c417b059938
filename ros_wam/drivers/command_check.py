"""What a command must be before it reaches a vendor library: none of them checks all of it."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import CommandInvalid
from ros_wam.types import Command, FloatArray

POSITION_SLACK_RAD = 0.01
"""A robot that rests this far outside its limits may be told to stay; the gate lets it move inwards only."""
STEP_SLACK = 1.05
FIRST_STEP_RAD = 0.05
"""The largest step from a measured position: what a servo may lag behind, not a motion."""


def checked_position(
    command: Command, embodiment: Embodiment, sent: FloatArray | None, measured: FloatArray
) -> FloatArray:
    """Return the position of `command` `(n,)` with grippers clamped to 0–1; raises CommandInvalid.

    `sent` is the command before, None if the robot followed none: then the step is taken from `measured`.
    """
    position = command.position
    if position.shape != embodiment.lower.shape or not np.isfinite(position).all():
        raise CommandInvalid(f"command {position.tolist()} must be {len(embodiment.lower)} finite positions")
    arm = ~embodiment.is_gripper
    outside = outside_limits(position, embodiment)
    if outside is not None:
        raise CommandInvalid(outside)
    largest = FIRST_STEP_RAD if sent is None else embodiment.velocity * embodiment.period_s * STEP_SLACK
    before = measured if sent is None else sent
    too_far = (np.abs(position - before) > largest) & arm
    if too_far.any():
        k = int(np.argmax(too_far))
        raise CommandInvalid(
            f"{embodiment.joint_names[k]}: a step from {before[k]:.4f} to {position[k]:.4f} rad is larger than "
            f"{np.broadcast_to(largest, position.shape)[k]:.4f}"
        )
    return np.where(arm, position, np.minimum(np.maximum(position, 0.0), 1.0))


def outside_limits(position: FloatArray, embodiment: Embodiment) -> str | None:
    """Return the first joint of `position` `(n,)` that is outside its limits by more than the slack, and these.

    None if all are within.
    """
    low, high = embodiment.lower - POSITION_SLACK_RAD, embodiment.upper + POSITION_SLACK_RAD
    outside = ((position < low) | (position > high)) & ~embodiment.is_gripper
    if not outside.any():
        return None
    k = int(np.argmax(outside))
    return (
        f"{embodiment.joint_names[k]}: {position[k]:.4f} rad is outside "
        f"{embodiment.lower[k]:.4f} … {embodiment.upper[k]:.4f}"
    )
