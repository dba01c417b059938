"""How many messages are missing from a stream, told by the stamps of those that are there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MEMORY = 0.9  # how much of a message's lateness the next one is still measured by


class Steps:
    """Tells of one interval after the other how many messages it took. See `missing_messages`."""

    def __init__(self) -> None:
        self._late = 0.0

    def take(self, interval: float) -> int:
        """Return how many messages `interval` [periods] spans: 1 where none is missing, 0 if one is too many."""
        steps = round(interval + self._late)
        self._late = _MEMORY * (interval + self._late - steps)
        return steps


def missing_messages(stamps_ns: NDArray[np.int64], period_ns: float, start_ns: int, end_ns: int) -> int:
    """Return how many of the messages due every `period_ns` from `start_ns` to `end_ns` the sorted `stamps_ns` lack.

    Jitter is no loss: a late message makes the next interval short by as much. Nor is a clock that is a little off:
    lateness is forgotten within tens of messages.
    """
    inside = stamps_ns[(stamps_ns >= start_ns) & (stamps_ns <= end_ns)]
    if not len(inside):
        return max(0, int((end_ns - start_ns) / period_ns))
    intervals: list[float] = (np.diff(np.concatenate(([start_ns], inside, [end_ns]))) / period_ns).tolist()
    first, *between, last = intervals
    steps = Steps()
    missing = max(0, round(first) - 1) + max(0, round(last) - 1)
    return max(0, missing + sum(steps.take(interval) - 1 for interval in between))


def missing_batches(numbers: Sequence[NDArray[np.int64]]) -> int:
    """Return how many batches of numbered rows are missing between the first and the last of `numbers`."""
    if not numbers:
        return 0
    rows = np.concatenate(numbers)
    missing_rows = int(rows.max() - rows.min()) + 1 - len(np.unique(rows))
    return max(int(missing_rows > 0), round(missing_rows * len(numbers) / len(rows)))
