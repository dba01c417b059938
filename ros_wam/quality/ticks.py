"""Control ticks as they come: the rows of `setpoints` and of `setpoint_provenance`, put together again."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ros_wam.causes import Limit
from ros_wam.fields import MODES, SetpointProvenance, Setpoints
from ros_wam.types import FloatArray, Mode

_WAITING = 50  # batches: a second, after which what is lost does not come any more
_Batch = TypeVar("_Batch", Setpoints, SetpointProvenance)
_DRIVEN = tuple(MODES.index(mode) for mode in (Mode.POLICY, Mode.TELEOP))


@dataclass(frozen=True, eq=False)
class Ticks:
    """`rows` consecutive ticks at most: positions `(rows, n)` [rad, grippers 0–1], the rest `(rows,)`.

    `driven`: where a policy or a person had the robot. `limits`: a mask of Limit.
    """

    sequence: NDArray[np.int64]
    stamp_ns: NDArray[np.int64]
    measured: FloatArray
    target: FloatArray
    sent: FloatArray
    driven: NDArray[np.bool_]
    limits: NDArray[np.int64]

    def between(self, start_ns: int, end_ns: int) -> "Ticks":
        """Return those from `start_ns` to `end_ns`."""
        inside = (self.stamp_ns >= start_ns) & (self.stamp_ns <= end_ns)
        return self if inside.all() else Ticks(*(column[inside] for column in vars(self).values()))

    @property
    def held(self) -> NDArray[np.bool_]:
        """`(rows,)`: where the safety gate was closed."""
        return np.asarray(self.limits & int(Limit.HOLD), dtype=np.bool_)


class TickJoiner:
    """Puts batches of the two tables together, whichever comes first; what lacks its other half is never seen."""

    def __init__(self) -> None:
        self._setpoints: dict[int, Setpoints] = {}
        self._provenance: dict[int, SetpointProvenance] = {}

    def add_setpoints(self, batch: Setpoints) -> Ticks | None:
        """Return the ticks of `batch`, None while their provenance has not come."""
        return self._put(self._setpoints, batch)

    def add_provenance(self, batch: SetpointProvenance) -> Ticks | None:
        """Return the ticks of `batch`, None while their positions have not come."""
        return self._put(self._provenance, batch)

    def _put(self, waiting: dict[int, _Batch], batch: _Batch) -> Ticks | None:
        if not len(batch.sequence):
            return None
        first = int(batch.sequence[0])
        waiting[first] = batch
        positions, origin = self._setpoints.get(first), self._provenance.get(first)
        if positions is None or origin is None or not np.array_equal(positions.sequence, origin.sequence):
            while len(waiting) > _WAITING:
                del waiting[next(iter(waiting))]
            return None
        del self._setpoints[first], self._provenance[first]
        return _ticks(positions, origin)


def _ticks(positions: Setpoints, origin: SetpointProvenance) -> Ticks:
    return Ticks(
        origin.sequence,
        origin.stamp_ns,
        positions.measured,
        positions.target,
        positions.sent,
        np.isin(origin.source, _DRIVEN),
        origin.limits,
    )
