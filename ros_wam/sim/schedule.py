"""What happens how often, in simulated time."""


class Schedule:
    """Something periodic. A period that is no whole number of steps keeps its average rate."""

    def __init__(self, rate_hz: float, time_ns: int) -> None:
        """Due for the first time after `time_ns`."""
        self._period_s = 1.0 / rate_hz
        self._begin_ns = time_ns
        self._count = 0

    def due(self, time_ns: int) -> bool:
        """Return whether it is due at `time_ns`, once per period; periods that have been missed are skipped."""
        count = int((time_ns - self._begin_ns) * 1e-9 / self._period_s + 1e-6)
        if count <= self._count:
            return False
        self._count = count
        return True
