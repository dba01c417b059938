"""The way home as an action chunk, so that it is admitted, followed and checked like any other."""

from collections.abc import Iterator

import numpy as np
from ruckig import InputParameter, Result, Ruckig, RuckigError, Synchronization, Trajectory

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused, ModeRefused
from ros_wam.policy.admission import Admission
from ros_wam.types import ActionChunk, FloatArray

SPEED = 0.25
"""Share of the robot's velocity and acceleration limits that homing uses; our choice, beside people."""
JERK = 0.5
DT_S = 1.0 / 30.0
STEPS_AT_ONCE = 10
"""So much of the way is checked in one control period: about 0.3 ms."""


def admit_homing(
    embodiment: Embodiment, admission: Admission, start: FloatArray, now_ns: int, number: int
) -> Iterator[ActionChunk | None]:
    """Plan the way home and have it admitted, a little at a time: yields None until it yields the chunk.

    It is straight in joint space: nobody plans around what is in the way. Raises ModeRefused.
    """
    chunk = plan_homing(embodiment, start, now_ns, number)
    try:
        for step, _ in enumerate(admission.check_way(chunk.positions, start), start=1):
            if step % STEPS_AT_ONCE == 0:
                yield None
    except ChunkRefused as error:
        raise ModeRefused(f"the straight way home is refused ({error.reason.value}): {error.detail}") from error
    yield chunk


def plan_homing(embodiment: Embodiment, start: FloatArray, now_ns: int, number: int) -> ActionChunk:
    """Return a chunk from rest at `start` `(n,)` to rest at home, straight in joint space; raises ModeRefused."""
    arm = ~embodiment.is_gripper
    plan = InputParameter(int(arm.sum()))
    plan.current_position, plan.target_position = start[arm].tolist(), embodiment.home_position[arm].tolist()
    plan.synchronization = Synchronization.Phase
    plan.max_velocity = (SPEED * embodiment.velocity[arm]).tolist()
    plan.max_acceleration = (SPEED * embodiment.acceleration[arm]).tolist()
    plan.max_jerk = (JERK * embodiment.jerk[arm]).tolist()
    trajectory = Trajectory(int(arm.sum()))
    try:
        result = Ruckig(int(arm.sum())).calculate(plan, trajectory)
    except RuckigError as error:
        raise ModeRefused(f"no way home from {start.round(3).tolist()}: {error}") from error
    if result not in (Result.Working, Result.Finished):
        raise ModeRefused(f"no way home from {start.round(3).tolist()}: {result}")
    grip_s = float(np.max(np.abs(embodiment.home_position - start)[~arm] / embodiment.velocity[~arm], initial=0.0))
    times_s = np.arange(2 + int(np.ceil(max(trajectory.duration, grip_s) / DT_S))) * DT_S
    rows = np.tile(embodiment.home_position, (len(times_s), 1))
    rows[:, arm] = [trajectory.at_time(min(time_s, trajectory.duration))[0] for time_s in times_s]
    return ActionChunk(-1, number, now_ns, now_ns, DT_S, rows)
