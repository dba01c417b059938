"""What the doctor's node measured at a station: plain numbers and words, so that they travel as JSON."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stream:
    """One topic. `delay_ms`: the shortest time from its stamps to their receipt, None where nothing came.

    `troubles`: all that its node said was wrong; `spoke`: whether it said at all how it does; `facts`: what it said
    last of the device, its settings as they were read back and its stamps.
    """

    rate_hz: float
    delay_ms: float | None
    troubles: tuple[str, ...] = ()
    spoke: bool = False
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """One cause that the control process told: in which share of its words, and the last evidence for it."""

    share: float
    detail: str


@dataclass(frozen=True)
class Asked:
    """What came of asking the policy server: how long each warm answer took, and the shape of the last `(rows, n)`.

    `mismatch`: how its metadata differ from the profile; `error`: why there is no answer, or none that can be used;
    `greeted`: its metadata fitted before that; `declares`: the names in them.
    """

    latencies_ms: tuple[float, ...] = ()
    shape: tuple[int, ...] = ()
    mismatch: str = ""
    error: str = ""
    greeted: bool = False
    declares: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """A station over some seconds at rest.

    `skew_ms`: how far apart the newest pictures of all views, which a policy would be given, were at most for half of
    the time; None for one view, or without pictures.
    `state_age_ms`: the median of what the control process says; None while it has no state. `status`: what it said
    last; `modes` and `faults`, by cause: all that it said of these. `enabled`: the share of its words that call it
    enabled, while the enable heartbeat was sent. `bytes_per_s`: what a recorder would write, all topics together.
    """

    views: dict[str, Stream]
    skew_ms: float | None
    state: Stream
    state_age_ms: float | None
    status: dict[str, str]
    modes: tuple[str, ...]
    faults: dict[str, Fault]
    enabled: float
    bytes_per_s: float
    policy: Asked | None = None
