"""Whether every topic comes as often as the table of topics says."""

import math
from collections import deque
from collections.abc import Mapping

WINDOW_S = 1.0
ENOUGH = 0.5  # of the expected rate: a station at half its rate is broken, one at 90 % only busy


class Liveness:
    """Counts messages per topic; `rates_hz` are the rates to expect."""

    def __init__(self, rates_hz: Mapping[str, float]) -> None:
        self._rates_hz = dict(rates_hz)
        self._seen = {topic: deque[int](maxlen=math.ceil(rate_hz * WINDOW_S)) for topic, rate_hz in rates_hz.items()}

    def saw(self, topic: str, now_ns: int) -> None:
        """Note a message; topics that nothing is expected of are ignored."""
        if topic in self._seen:
            self._seen[topic].append(now_ns)

    def too_slow(self, now_ns: int) -> str | None:
        """Return the first topic that comes at less than half its rate, in words; None when none does."""
        for topic, seen in self._seen.items():
            rate_hz = sum(now_ns - stamp_ns <= WINDOW_S * 1e9 for stamp_ns in seen) / WINDOW_S
            if rate_hz < ENOUGH * self._rates_hz[topic]:
                return f"{topic} comes at {rate_hz:.0f} Hz, expected {self._rates_hz[topic]:.0f} Hz"
        return None

    def silent(self, now_ns: int) -> tuple[str, float] | None:
        """Return the first topic without a message for the window, and for how long [s]; None when there is none."""
        for topic, seen in self._seen.items():
            silence_s = (now_ns - seen[-1]) * 1e-9 if seen else math.inf
            if silence_s > WINDOW_S:
                return topic, silence_s
        return None
