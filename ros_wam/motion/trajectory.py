"""An action chunk as a smooth function of time.

The rows of the arm joints are averaged over ±70 ms, symmetrically in time and so without lag, and become the control
points of a cubic B-spline: position, velocity and acceleration are continuous, and a policy's row-to-row noise does not
reach the motors. The last 100 ms are stretched to 200 ms of deceleration, so that a chunk without a successor ends at
rest exactly at its last row.
"""

from typing import NamedTuple

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.motion.bounds import within
from ros_wam.types import ActionChunk, FloatArray

LEADER_CHUNK = -1
"""The chunk id of a leader's command: there is no policy whose error would have to be averaged."""
AVERAGING_S = 0.07
RUN_OUT_S = 0.1
SETTLE_S = 0.25
"""How long after its last row a chunk is still followed, to come to rest there and not near it."""


class Reference(NamedTuple):
    """A trajectory at one instant: `(n,)` position [rad], velocity [rad/s], acceleration [rad/s²]; and its row.

    `settling`: no other chunk is to be blended with it, so it may be followed closely: it starts from rest, is over, or
    is a leader's.
    """

    position: FloatArray
    velocity: FloatArray
    acceleration: FloatArray
    row: int
    settling: bool = False


class ChunkTrajectory:
    """One chunk's reference from its `t0_ns` to `end_ns`, when the robot rests at its last row."""

    def __init__(self, chunk: ActionChunk, embodiment: Embodiment) -> None:
        self.chunk = chunk
        self._is_alone = chunk.reanchored or chunk.chunk_id == LEADER_CHUNK
        self._lower, self._upper = embodiment.lower, embodiment.upper
        rows = np.clip(chunk.positions, self._lower, self._upper)
        arm = ~embodiment.is_gripper
        rows[:, arm] = _averaged(rows[:, arm], round(AVERAGING_S / chunk.dt_s))
        self._control_points = _extended(rows, 1)
        self._last = len(rows) - 1
        self._run_out_s = min(RUN_OUT_S, self._last * chunk.dt_s / 2.0)
        self.end_ns = chunk.end_ns + round(SETTLE_S * 1e9)

    def at(self, now_ns: int) -> Reference | None:
        """Return the reference at `now_ns`, None before the first row is due and after the end."""
        elapsed_s = (now_ns - self.chunk.t0_ns) * 1e-9
        end_s = self._last * self.chunk.dt_s
        if elapsed_s < 0.0 or now_ns > self.end_ns:
            return None
        index = min(int(elapsed_s / self.chunk.dt_s + 1e-6), self._last)
        reference = self._spline(elapsed_s, index)
        if elapsed_s > end_s - self._run_out_s:
            reference = self._run_out(elapsed_s - (end_s - self._run_out_s), index)
        position = within(reference.position, self._lower, self._upper)
        return reference._replace(position=position, settling=self._is_alone or elapsed_s > end_s)

    def _spline(self, elapsed_s: float, index: int) -> Reference:
        dt_s = self.chunk.dt_s
        segment = min(int(elapsed_s / dt_s), max(self._last - 1, 0))
        x = min(elapsed_s / dt_s - segment, 1.0)
        y = 1.0 - x
        weights = np.array(
            [
                [y**3, 3 * x**3 - 6 * x**2 + 4, 3 * y**3 - 6 * y**2 + 4, x**3],
                [-3 * y**2, 9 * x**2 - 12 * x, 12 * y - 9 * y**2, 3 * x**2],
                [6 * y, 18 * x - 12, 18 * y - 12, 6 * x],
            ]
        )
        position, velocity, acceleration = weights @ self._control_points[segment : segment + 4] / 6.0
        return Reference(position, velocity / dt_s, acceleration / dt_s**2, index)

    def _run_out(self, elapsed_s: float, index: int) -> Reference:
        """Hermite cubic from the spline's state one run-out before the last row to rest at it one run-out after."""
        span_s = 2.0 * self._run_out_s
        start = self._spline(self._last * self.chunk.dt_s - self._run_out_s, index)
        to_go = self._control_points[-2] - start.position
        slope = start.velocity * span_s
        if elapsed_s >= span_s:
            still = np.zeros(len(to_go))
            return Reference(self._control_points[-2], still, still, index)
        x = elapsed_s / span_s
        position = start.position + slope * (x - 2 * x**2 + x**3) + to_go * (3 * x**2 - 2 * x**3)
        velocity = slope * (1 - 4 * x + 3 * x**2) + to_go * (6 * x - 6 * x**2)
        acceleration = slope * (6 * x - 4) + to_go * (6 - 12 * x)
        return Reference(position, velocity / span_s, acceleration / span_s**2, index)


def _averaged(rows: FloatArray, reach: int) -> FloatArray:
    """Return rows averaged with triangular weights over ±`reach` rows; the first and the last row stay as they are."""
    reach = min(reach, len(rows) - 1)
    if reach < 1:
        return rows
    extended = _extended(rows, reach)
    weights = np.concatenate([np.arange(1.0, reach + 2.0), np.arange(reach, 0.0, -1.0)]) / (reach + 1.0) ** 2
    windows = np.lib.stride_tricks.sliding_window_view(extended, len(weights), axis=0)
    return np.asarray(windows @ weights)


def _extended(rows: FloatArray, by: int) -> FloatArray:
    """Return rows continued by `by` rows at both ends, by point reflection in the end rows."""
    before = 2.0 * rows[0] - rows[1 : by + 1][::-1]
    after = 2.0 * rows[-1] - rows[-by - 1 : -1][::-1]
    return np.vstack([before, rows, after])
