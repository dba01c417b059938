"""A receding horizon: look again after some rows, while the others are still followed."""

from ros_wam.policy.strategies.strategy import Look, due_ns, look_in_time
from ros_wam.types import ActionChunk


class Receding:
    """Looks when `horizon` rows have been executed. The answer takes over by absolute time, or comes at rest."""

    def __init__(self, horizon: int) -> None:
        self._horizon = horizon

    def combine(self, answered: ActionChunk) -> ActionChunk:
        """See Strategy: all rows."""
        return answered

    def admitted(self, answered: ActionChunk, followed: ActionChunk, now_ns: int, latency_ns: int) -> Look:
        """See Strategy."""
        return look_in_time(max(due_ns(followed, self._horizon), now_ns), followed, latency_ns)

    def hidden_s(self, rows: int, dt_s: float) -> float:
        """See Strategy: what is left of a chunk after `horizon` rows, but at most half a chunk."""
        return max(0.0, min((rows - 1) / 2.0, rows - 1 - self._horizon)) * dt_s
