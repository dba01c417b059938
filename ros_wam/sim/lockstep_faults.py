"""What can be made to go wrong in a lockstep run; whoever runs it changes this between two periods.

The faults of the real-time station are in `station.py` and in the emulators.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ros_wam.types import CameraFrame


def _as_taken(frame: CameraFrame) -> CameraFrame:
    return frame


@dataclass
class LockstepFaults:
    """Nothing is wrong at first.

    `latency_ms`: what answers take instead of the run's own latency. `picture`: what a camera hands on for a frame,
    None for nothing. `beats`: whether the enable heartbeat arrives. `late_ticks`: control ticks still to be left out.
    """

    latency_ms: float | None = None
    picture: Callable[[CameraFrame], CameraFrame | None] = _as_taken
    beats: bool = True
    late_ticks: int = 0
