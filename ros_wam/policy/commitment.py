"""What is left of the chunk that is being followed, for servers that continue from it (real-time chunking)."""

import numpy as np

from ros_wam.types import ActionChunk, Commitment


def commitment(followed: ActionChunk, stamp_ns: int, delay_rows: int) -> Commitment | None:
    """Return the rows from `stamp_ns` on, interpolated between those of the chunk; None when it is over by then.

    Before its first row is due the robot rests there.
    """
    last = len(followed.positions) - 1
    rows = np.arange((stamp_ns - followed.t0_ns) * 1e-9 / followed.dt_s, last + 1e-6)
    if not len(rows):
        return None
    positions = [np.interp(rows, np.arange(last + 1), joint) for joint in followed.positions.T]
    return Commitment(np.column_stack(positions), delay_rows)
