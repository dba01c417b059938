"""What the simulated station needs of an emulated controller, whichever vendor's wire it speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ros_wam.types import FloatArray


@dataclass(frozen=True, eq=False)
class ReceivedTarget:
    """A streamed joint target `(n,)` [rad] as it came over the wire.

    `stamp_ns` is that of the cycle that read it: of a world that catches up, it may lie before the target was sent.
    """

    stamp_ns: int
    position: FloatArray


class Emulator(Protocol):
    """One emulated controller with its gripper, on one loopback address. Owned by the physics loop's thread.

    `faults` names what `inject` accepts; `rate_hz` is how often `cycle` is to be called. `cycle` never waits.
    """

    @property
    def faults(self) -> tuple[str, ...]: ...

    @property
    def rate_hz(self) -> float: ...

    def start(self) -> None:
        """Listen. Raises SimError naming the address and port that are taken."""
        ...

    def cycle(self, now_ns: int) -> None:
        """Serve every socket, run the controller for one period, set the plant's targets and publish its state."""
        ...

    def inject(self, fault: str) -> None:
        """Begin a fault; it stays until `clear`. Raises SimError naming the valid ones."""
        ...

    def clear(self) -> None:
        """End the faults. What a robot needs a person for (unlocking a protective stop) stays to be done."""
        ...

    def received_targets(self) -> tuple[ReceivedTarget, ...]:
        """The latest streamed targets, oldest first."""
        ...

    def counts(self) -> Mapping[str, int]:
        """What the wire has carried since `start`: joint targets received, and whatever else tells how it went."""
        ...

    def close(self) -> None:
        """Close every socket. Repeatable."""
        ...
