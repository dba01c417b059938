"""A path that can be changed while it is being followed: minimum-jerk moves that may overlap add up.

Each move adds a displacement of the tool vector, from rest to rest. A move that has begun is never taken back; a
change of mind is one more move on top. So position, velocity and acceleration stay continuous whatever is decided.
"""

from dataclasses import dataclass

import numpy as np

from ros_wam.types import FloatArray

_MEMORY_S = 5.0


@dataclass(frozen=True, eq=False)
class Move:
    """Adds `delta` `(6,)` from `start_s` to `end_s` of plan time."""

    start_s: float
    end_s: float
    delta: FloatArray


@dataclass(frozen=True)
class Grip:
    """From `start_s` on the gripper is sent to `opening`, 0 closed … 1 open."""

    start_s: float
    opening: float


class Trajectory:
    """Tool vector `(6,)` and gripper opening over plan time [s]."""

    def __init__(self, start: FloatArray, opening: float) -> None:
        self._start = np.array(start, np.float64)
        self._opening = opening
        self._moves: list[Move] = []
        self._grips: list[Grip] = []

    @property
    def end(self) -> FloatArray:
        """Where all moves lead, `(6,)`."""
        return self._start + sum((move.delta for move in self._moves), np.zeros(6))

    @property
    def end_s(self) -> float:
        """When the last move that is remembered ends; 0 without any."""
        return max((move.end_s for move in self._moves), default=0.0)

    def move_to(self, vector: FloatArray, start_s: float, end_s: float) -> None:
        """Add the move that leads from `end` to `vector`."""
        self._moves.append(Move(start_s, end_s, vector - self.end))

    def grip(self, opening: float, start_s: float) -> None:
        """Send the gripper to `opening` at `start_s`, which must not be before the last such event."""
        self._grips.append(Grip(start_s, opening))

    def cut(self, time_s: float) -> None:
        """Drop what has not begun by `time_s`; forget how the tool got to where it was 5 s before."""
        past_s = time_s - _MEMORY_S
        self._start = self._start + sum((move.delta for move in self._moves if move.end_s < past_s), np.zeros(6))
        self._moves = [move for move in self._moves if move.end_s >= past_s and move.start_s < time_s]
        self._opening = next((grip.opening for grip in reversed(self._grips) if grip.start_s < past_s), self._opening)
        self._grips = [grip for grip in self._grips if past_s <= grip.start_s < time_s]

    def at(self, times_s: FloatArray) -> FloatArray:
        """Return the tool vectors `(k, 6)` at `(k,)` times."""
        vectors = np.tile(self._start, (len(times_s), 1))
        for move in self._moves:
            progress = np.clip((times_s - move.start_s) / (move.end_s - move.start_s), 0.0, 1.0)
            share = progress**3 * (10.0 - 15.0 * progress + 6.0 * progress**2)
            vectors += share[:, np.newaxis] * move.delta
        return vectors

    def opening_at(self, times_s: FloatArray) -> FloatArray:
        """Return the gripper openings `(k,)` at `(k,)` times: steps, since the gripper limits its own speed."""
        openings = np.full(len(times_s), self._opening)
        for grip in self._grips:
            openings[times_s >= grip.start_s] = grip.opening
        return openings

    def speed_m_s(self, time_s: float) -> float:
        """Return how fast the tool moves."""
        before, after = self.at(np.array([time_s - 0.01, time_s + 0.01]))
        return float(np.linalg.norm(after[:3] - before[:3]) / 0.02)
