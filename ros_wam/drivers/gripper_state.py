"""What a gripper tells that knows only its force setting, and whether it presses on something."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GripperState:
    """Opening 0–1, its rate [1/s], and the force setting [N] while it presses, positive when opening; else 0."""

    stamp_ns: int
    position: float
    velocity: float
    effort: float
