"""The trials of a sitting, decided before the first one starts."""

from dataclasses import dataclass

import numpy as np

from ros_wam.errors import TrialError


@dataclass(frozen=True)
class PlannedTrial:
    """One trial to run: what, with which policy, from which seed, and for how long at most."""

    trial_id: str
    task: str
    robot: str
    policy: str
    prompt: str
    seed: int
    time_limit_s: float


def trial_seed(sitting_seed: int, index: int) -> int:
    """Return the 32-bit seed of the trial at `index`, from 0.

    It depends on nothing else, so that two policies given the same sitting seed meet the same scenes; and it is hashed,
    so that sittings with neighbouring seeds share no scene.
    """
    return int(np.random.SeedSequence(sitting_seed, spawn_key=(index,)).generate_state(1)[0])


def make_plan(
    *, robot: str, task: str, policy: str, prompt: str, time_limit_s: float, trials: int, seed: int
) -> tuple[PlannedTrial, ...]:
    """Return `trials` trials, numbered from "001"; raises TrialError for fewer than one."""
    if trials < 1:
        raise TrialError(f"a sitting has {trials} trials, must be 1 or more")
    return tuple(
        PlannedTrial(f"{i + 1:03d}", task, robot, policy, prompt, trial_seed(seed, i), time_limit_s)
        for i in range(trials)
    )
