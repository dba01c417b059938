"""Tells a frame that has just been taken from one that waited in a buffer, where no stamp says so."""

STALL_S = 0.25


class Backlog:
    """A frame that was waited for is new; one that was there at once had been waiting for us.

    After a long wait the frame is not trusted either: this process, or the network, may have stood still, and the
    frame is then the oldest of those that piled up. It is one frame that is lost where it was the camera that paused.
    """

    def __init__(self, rate_hz: float) -> None:
        period_ns = 1e9 / rate_hz
        self._least_ns = period_ns / 4
        self._most_ns = max(3 * period_ns, STALL_S * 1e9)

    def is_new(self, asked_ns: int, got_ns: int) -> bool:
        """Return whether a frame that was asked for and came at these times is of now."""
        return self._least_ns <= got_ns - asked_ns <= self._most_ns
