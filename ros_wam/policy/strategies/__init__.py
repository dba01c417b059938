"""Execution strategies: when to look, and what is made of what was answered. Chosen in the policy's profile."""

from collections.abc import Callable, Mapping

from ros_wam.policy.strategies.ensemble import Ensemble
from ros_wam.policy.strategies.overlapping import Overlapping
from ros_wam.policy.strategies.receding import Receding
from ros_wam.policy.strategies.sequential import Sequential
from ros_wam.policy.strategies.strategy import Strategy

STRATEGIES: Mapping[str, Callable[..., Strategy]] = {
    "sequential": Sequential,
    "receding": Receding,
    "async": Overlapping,
    "ensemble": Ensemble,
}
WITHOUT_HORIZON = ("ensemble",)


def make_strategy(name: str, horizon: int | None) -> Strategy:
    """Return a strategy for one episode; `horizon` [rows] is None for those `WITHOUT_HORIZON`, or to execute all."""
    return STRATEGIES[name]() if horizon is None else STRATEGIES[name](horizon)
