"""The worst of the stretches of time in which something is wrong."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stretch:
    """From when to when, and how much of it."""

    begin_ns: int
    end_ns: int
    value: float

    def worse(self, other: "Stretch | None") -> "Stretch":
        """Return the one with the larger value."""
        return self if other is None or self.value > other.value else other
