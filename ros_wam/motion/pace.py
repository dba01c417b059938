"""Absolute deadlines: no drift, no catching up in bursts, and lateness is counted."""

from ros_wam.clock import Clock


class Pace:
    """Waits for each period's deadline. After an overrun the periods that have passed are `missed`, not made up for."""

    def __init__(self, clock: Clock, period_s: float) -> None:
        self._clock = clock
        self._period_ns = round(period_s * 1e9)
        self._deadline_ns = clock.now_ns()
        self.missed = 0
        self._late_ns: list[int] = []

    def wait(self) -> int:
        """Return the time at the next deadline, or soon after it."""
        self._deadline_ns += self._period_ns
        behind = (self._clock.now_ns() - self._deadline_ns) // self._period_ns
        if behind > 0:
            self.missed += behind
            self._deadline_ns += behind * self._period_ns
        self._clock.sleep_until_ns(self._deadline_ns)
        now_ns = self._clock.now_ns()
        self._late_ns.append(max(now_ns - self._deadline_ns, 0))
        return now_ns

    def now_ns(self) -> int:
        """Return the time."""
        return self._clock.now_ns()

    def restart(self) -> None:
        """Begin anew now: what came before was a pause that was meant."""
        self._deadline_ns = self._clock.now_ns()

    def lateness_ms(self) -> tuple[float, float]:
        """Return median and largest lateness since the last call [ms]."""
        late_ns, self._late_ns = sorted(self._late_ns) or [0], []
        return late_ns[len(late_ns) // 2] * 1e-6, late_ns[-1] * 1e-6
