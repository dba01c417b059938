"""Puts stamps that a driver took by a clock of this host on station time, where they are that."""

AHEAD_NS = 5_000_000
OLDEST_NS = 1_000_000_000
"""A first frame that is older than this, or further ahead than AHEAD_NS, is not stamped by the clock it should be."""


class HostTime:
    """Believes the stamps of one source if the first of them is of the last second by the host's clock, else none.

    What was believed stays believed: a frame that waited for long in a queue is then known to be old.
    """

    def __init__(self) -> None:
        self.believed: bool | None = None
        """None before the first frame."""

    def station_ns(self, stamp_ns: int, host_now_ns: int, received_ns: int) -> int | None:
        """Return the station time of `stamp_ns`, never after its receipt; None where it is not to be believed.

        `host_now_ns`: what the host's clock showed at `received_ns` of station time.
        """
        age_ns = host_now_ns - stamp_ns
        if self.believed is None:
            self.believed = -AHEAD_NS <= age_ns <= OLDEST_NS
        return received_ns - max(age_ns, 0) if self.believed else None
