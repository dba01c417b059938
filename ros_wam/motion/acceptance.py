"""The cheap checks of a chunk: admission begins with them, and the process that moves the robot repeats them."""

import numpy as np

from ros_wam.causes import RefusalReason
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ChunkRefused
from ros_wam.types import ActionChunk, FloatArray

MIN_DT_S, MAX_DT_S = 1e-3, 10.0
"""Between rows; no policy is outside, and within them no velocity of a chunk is more than a float can hold."""


def check_chunk(
    chunk: ActionChunk, embodiment: Embodiment, position: FloatArray, now_ns: int, reanchored: bool
) -> None:
    """Raise ChunkRefused unless the chunk has the robot's joints, is due and starts near `position` `(n,)`.

    One that will be `reanchored` starts with its first row, any other where it is at `now_ns`.
    """
    rows, joints = chunk.positions.shape
    if joints != len(embodiment.joint_names) or rows < 2:
        wanted = f"(at least 2, {len(embodiment.joint_names)})"
        raise ChunkRefused(RefusalReason.WRONG_SHAPE, f"positions have shape {chunk.positions.shape}, must be {wanted}")
    if not MIN_DT_S <= chunk.dt_s <= MAX_DT_S:
        bounds = f"{MIN_DT_S} to {MAX_DT_S} s"
        raise ChunkRefused(RefusalReason.WRONG_SHAPE, f"rows are {chunk.dt_s} s apart, must be {bounds}")
    if chunk.observation_stamp_ns > now_ns:
        early_ms = (chunk.observation_stamp_ns - now_ns) * 1e-6
        raise ChunkRefused(RefusalReason.EXPIRED, f"its observation is from {early_ms:.0f} ms in the future")
    if not reanchored and now_ns < chunk.t0_ns:
        early_ms = (chunk.t0_ns - now_ns) * 1e-6
        raise ChunkRefused(RefusalReason.EXPIRED, f"its first row is due only in {early_ms:.0f} ms")
    if not reanchored and now_ns > chunk.end_ns:
        late_ms = (now_ns - chunk.end_ns) * 1e-6
        raise ChunkRefused(RefusalReason.EXPIRED, f"its last row was due {late_ms:.0f} ms ago")
    progress = 0.0 if reanchored else (now_ns - chunk.t0_ns) * 1e-9 / chunk.dt_s
    row: int = min(int(progress), rows - 2)
    start = (row + 1 - progress) * chunk.positions[row] + (progress - row) * chunk.positions[row + 1]  # never overflows
    distance = np.where(embodiment.is_gripper, 0.0, np.abs(start - position))
    worst = int(distance.argmax())
    if distance[worst] > embodiment.start_distance_rad:
        raise ChunkRefused(
            RefusalReason.START_DISTANCE,
            f"{embodiment.joint_names[worst]} starts {distance[worst]:.3f} rad from the robot in row {row},"
            f" at most {embodiment.start_distance_rad} rad is allowed",
        )
