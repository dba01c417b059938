"""How long the next answer will take, by the answers before it."""

import math
from collections import deque

WINDOW = 10
QUANTILE = 0.9
"""High, because an answer that is later than anticipated may find nothing left of the chunk that it follows; but the
latest of a whole window may be an exception."""


class LatencyWindow:
    """The latencies of the last answers. The first counts only until there is a second: a server compiles then."""

    def __init__(self) -> None:
        self._first_ns = 0
        self._later_ns: deque[int] = deque(maxlen=WINDOW)
        self._answers = 0

    def add(self, latency_ns: int) -> None:
        """Remember one answer's latency, from look to answer."""
        self._answers += 1
        if self._answers == 1:
            self._first_ns = latency_ns
        else:
            self._later_ns.append(latency_ns)

    @property
    def anticipated_ns(self) -> int:
        """What `QUANTILE` of the answers do not exceed; 0 before the first."""
        if not self._later_ns:
            return self._first_ns
        ordered = sorted(self._later_ns)
        return ordered[math.ceil(QUANTILE * len(ordered)) - 1]
