"""A plan depends on the sitting's seed and on nothing else."""

import pytest

from ros_wam.errors import TrialError
from ros_wam.trial.plan import PlannedTrial, make_plan, trial_seed


def plan(trials: int, seed: int, policy: str = "p") -> tuple[PlannedTrial, ...]:
    return make_plan(robot="ur5", task="t", policy=policy, prompt="do it", time_limit_s=30.0, trials=trials, seed=seed)


def test_trials_are_numbered_from_001() -> None:
    assert [t.trial_id for t in plan(11, 0)][::10] == ["001", "011"]


def test_a_longer_plan_begins_like_a_shorter_one() -> None:
    assert plan(10, 7)[:3] == plan(3, 7)


def test_policies_meet_the_same_scenes() -> None:
    assert [t.seed for t in plan(5, 3, "a")] == [t.seed for t in plan(5, 3, "b")]


def test_neighbouring_sittings_share_no_scene() -> None:
    seeds = [trial_seed(sitting, i) for sitting in range(20) for i in range(50)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_seeds_never_change() -> None:
    assert (trial_seed(0, 0), trial_seed(0, 1)) == (3757552657, 673228719)


def test_an_empty_sitting_is_refused() -> None:
    with pytest.raises(TrialError, match="0 trials, must be 1 or more"):
        plan(0, 0)
