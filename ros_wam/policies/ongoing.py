"""Real-time chunking: a chunk that begins with what the robot goes on doing while the chunk is computed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ros_wam.types import FloatArray

_BLEND_ROWS = 12  # 0.4 s, to come back to the plan


@dataclass(frozen=True, eq=False)
class Ongoing:
    """The rows `(k, n)` that are being followed, from the observation's stamp on.

    `delay_rows` of them will have been executed when the answer comes.
    """

    rows: FloatArray
    delay_rows: int


def continued(planned: FloatArray, ongoing: Ongoing, arm: NDArray[np.bool_]) -> FloatArray:
    """Return `planned` `(T, n)` so that it is what is ongoing for as long as that is certain, and then comes back.

    Of the joints that `arm` `(n,)` masks; grippers are steps, which are taken over but not blended.
    """
    known = min(len(ongoing.rows), len(planned))
    certain = min(ongoing.delay_rows + 1, known)
    rows = planned.copy()
    rows[:certain] = ongoing.rows[:certain]
    after = np.arange(1, len(planned) - certain + 1) / _BLEND_ROWS
    share = 0.5 * (1.0 + np.cos(np.pi * np.minimum(after, 1.0)))
    offset = np.where(arm, ongoing.rows[certain - 1] - planned[certain - 1], 0.0)
    rows[certain:] += share[:, np.newaxis] * offset
    return rows
