"""What a check is: told of what comes, in order, and asked what is wrong so far."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from ros_wam.quality.finding import Finding
from ros_wam.quality.ticks import Ticks


class Heard(NamedTuple):
    """One message: when it came, the time in its header (None where it has none), its type and its bytes (CDR)."""

    topic: str
    receipt_ns: int
    stamp_ns: int | None
    type: str
    data: bytes


class Span(NamedTuple):
    """What is judged: from the start to now, or to the end where it is over."""

    start_ns: int
    end_ns: int
    ended: bool

    @property
    def seconds(self) -> float:
        """How long it is [s]."""
        return self.after_s(self.end_ns)

    def after_s(self, time_ns: int) -> float:
        """Return `time_ns` after the start [s]."""
        return round((time_ns - self.start_ns) * 1e-9, 3)


class Check(Protocol):
    """One check. Asking changes nothing, so that it may be asked at any time: live, and once over a closed bag."""

    def findings(self, span: Span) -> Sequence[Finding]:
        """Return what is wrong so far."""
        ...


class MessageCheck(Check, Protocol):
    """A check of single messages."""

    @property
    def topics(self) -> Collection[str]:
        """Which topics it wants to be told of."""
        ...

    def take(self, heard: Heard) -> None:
        """Note a message of one of `topics`; raises SpecError or RecordError when it cannot be read."""
        ...


class TickCheck(Check, Protocol):
    """A check of what the control loop did."""

    def take(self, ticks: Ticks) -> None:
        """Note the next ticks."""
        ...
