"""Absolute deadlines: no drift, no catching up in bursts, and lateness is counted."""

from collections import deque
from dataclasses import dataclass

from ros_wam.clock import Clock

WINDOW_S = 1.0


@dataclass(frozen=True)
class Lateness:
    """How long after their deadlines the ticks of the last second began [ms]."""

    median: float
    p99: float
    max: float


class Pace:
    """Waits for each period's deadline; `due_ns` is the one that was waited for last.

    Two ticks are never closer than half a period: after a late one the next waits as long as that takes. Deadlines that
    pass meanwhile are `missed`, not made up for. A tick is late by what has passed since `owed_ns`, the first deadline
    after the beginning of the tick before.
    """

    def __init__(self, clock: Clock, period_s: float) -> None:
        self._clock = clock
        self._period_ns = round(period_s * 1e9)
        self.due_ns = self.owed_ns = clock.now_ns()
        self._began_ns = self.due_ns - self._period_ns
        self.missed = 0
        self._late_ns: deque[int] = deque(maxlen=max(round(WINDOW_S / period_s), 1))

    def wait(self) -> int:
        """Return the time at the next deadline, or soon after it."""
        now_ns = self._clock.now_ns()
        self.due_ns += self._period_ns
        before = max(-((self.due_ns - self._began_ns) // self._period_ns), 0)  # they went by while the last was late
        passed = max((now_ns - self.due_ns) // self._period_ns, before)
        self.owed_ns = self.due_ns + before * self._period_ns
        self.missed += passed
        self.due_ns += passed * self._period_ns
        self._clock.sleep_until_ns(max(self.due_ns, self._began_ns + self._period_ns // 2))
        return self._clock.now_ns()

    def begin(self) -> int:
        """Return the time: a tick begins now, as late as the one before and what was done since have made it."""
        self._began_ns = self._clock.now_ns()
        self._late_ns.append(max(self._began_ns - self.owed_ns, 0))
        return self._began_ns

    def spare_s(self) -> float:
        """Return how long it is to the next deadline, negative if it has passed."""
        return (self.due_ns + self._period_ns - self._clock.now_ns()) * 1e-9

    def now_ns(self) -> int:
        """Return the time."""
        return self._clock.now_ns()

    def restart(self) -> None:
        """Begin anew now: what came before was a pause that was meant."""
        self.due_ns = self.owed_ns = self._clock.now_ns()

    def lateness_ms(self) -> Lateness:
        """Return how late the ticks of the last second were."""
        late = sorted(self._late_ns) or [0]
        last = len(late) - 1
        median, p99 = late[len(late) // 2], late[round(0.99 * last)]
        return Lateness(*(round(value * 1e-6, 3) for value in (median, p99, late[last])))
