"""The strategy `async`: chunks overlap by absolute time, and the latency is anticipated.

The robot never waits as long as an answer takes at most half a chunk: by the time it comes, the next is asked for, and
that comes before the chunk is over. A slower policy would always be late, so it stops and goes: it looks at rest after
the last row, and its next chunk begins with its first row.
"""

from ros_wam.policy.strategies.strategy import Look, due_ns, look_at_rest, look_in_time
from ros_wam.types import ActionChunk


class Overlapping:
    """Looks so that the answer comes when `horizon` rows have been executed, but never before the answer before it."""

    def __init__(self, horizon: int) -> None:
        self._horizon = horizon

    def combine(self, answered: ActionChunk) -> ActionChunk:
        """See Strategy: all rows."""
        return answered

    def admitted(self, answered: ActionChunk, followed: ActionChunk, now_ns: int, latency_ns: int) -> Look:
        """See Strategy."""
        if 2 * latency_ns > followed.end_ns - followed.t0_ns:
            return look_at_rest(followed)
        return look_in_time(max(due_ns(followed, self._horizon) - latency_ns, now_ns), followed, latency_ns)

    def hidden_s(self, rows: int, dt_s: float) -> float:
        """See Strategy: half a chunk, unless there is no row left to be followed while it looks."""
        return (rows - 1) * dt_s / 2.0 if self._horizon < rows else 0.0
