"""As the action chunk broker of openpi does it: execute, stop, look, wait; for comparison."""

from dataclasses import replace

from ros_wam.policy.strategies.strategy import Look, look_at_rest
from ros_wam.types import ActionChunk


class Sequential:
    """Executes the first `horizon` rows of a chunk, at first all, and looks when the arm rests at the last of them."""

    def __init__(self, horizon: int | None = None) -> None:
        self._horizon = horizon

    def combine(self, answered: ActionChunk) -> ActionChunk:
        """See Strategy: the first rows."""
        return replace(answered, positions=answered.positions[: self._horizon])

    def admitted(self, answered: ActionChunk, followed: ActionChunk, now_ns: int, latency_ns: int) -> Look:
        """See Strategy."""
        return look_at_rest(followed)

    def hidden_s(self, rows: int, dt_s: float) -> float:
        """See Strategy."""
        return 0.0
