"""Puts a controller's own timestamps on station time."""

WINDOW_NS = 500_000_000
"""Long enough to hold a package that nothing delayed, short enough to follow a controller's clock that stood still."""


class ControllerClock:
    """Learns the offset between two clocks from the packages that arrived with the least delay.

    The least delay itself cannot be told from the offset: it is `latency_s`, which is configuration.
    """

    def __init__(self, latency_s: float) -> None:
        self._latency_ns = round(latency_s * 1e9)
        self._least: list[int] = []
        self._window_end_ns = 0
        self._stamp_ns = -1

    def stamp_ns(self, controller_s: float, received_ns: int) -> int:
        """Return the station time of a package: never after its receipt, never before the package before it."""
        controller_ns = round(controller_s * 1e9)
        offset_ns = received_ns - controller_ns
        if not self._least or received_ns >= self._window_end_ns:
            self._least = [*self._least[-1:], offset_ns]
            self._window_end_ns = received_ns + WINDOW_NS
        self._least[-1] = min(self._least[-1], offset_ns)
        stamp_ns = controller_ns + min(self._least) - self._latency_ns
        self._stamp_ns = max(self._stamp_ns, stamp_ns)
        return self._stamp_ns
