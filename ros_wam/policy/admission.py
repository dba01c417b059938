"""May this chunk be executed? Typed reasons when not. Refuses only what cannot be followed; the smoother does the rest.

Velocity and acceleration: a policy's rows jitter, and the smoother may cut a corner or lag a little. So a chunk is
refused only when no motion inside the limits of the robot file passes within `FOLLOW_TOLERANCE_RAD` of its rows:

* for every two rows, |q_j - q_i| must not exceed v_max (t_j - t_i) + 2 tolerance;
* for every three rows a time h apart, |q_k-h - 2 q_k + q_k+h| must not exceed a_max h² + 4 tolerance.

The first is necessary and sufficient for each joint, the second necessary. Grippers are exempt: their targets are
steps, and the driver limits their speed.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ros_wam.causes import RefusalReason
from ros_wam.embodiment import Embodiment, Workspace
from ros_wam.errors import ChunkRefused
from ros_wam.motion.acceptance import check_chunk
from ros_wam.types import ActionChunk, FloatArray

FOLLOW_TOLERANCE_RAD = 0.05  # about 3°, 5 cm at a reach of 1 m: beyond it the robot no longer does what was asked

ToolPose = Callable[[FloatArray, str], FloatArray]
"""`(n,)` joint positions and the name of an arm to T_base_tool, `(4, 4)` [m]: `Kinematics.tool_pose`."""


def check_actions(actions: ArrayLike, shape: tuple[int, int]) -> None:
    """Raise ChunkRefused (WRONG_SHAPE, NON_FINITE) unless `actions` is a finite array of `shape`."""
    array = np.asarray(actions)
    if array.shape != shape:
        raise ChunkRefused(RefusalReason.WRONG_SHAPE, f"shape is {array.shape}, must be {shape}")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        detail = f"row {row}, column {column} is {array[row, column]}, of {(~finite).sum()} such values"
        raise ChunkRefused(RefusalReason.NON_FINITE, detail)


class Admission:
    """Decides on chunks for one robot; keeps no state."""

    def __init__(self, embodiment: Embodiment, tool_pose: ToolPose) -> None:
        self._embodiment = embodiment
        self._tool_pose = tool_pose
        self._arm = np.flatnonzero(~embodiment.is_gripper)

    def check(self, chunk: ActionChunk, measured: FloatArray, now_ns: int, rested: bool) -> None:
        """Raise ChunkRefused unless `chunk` may be executed from the `measured` position `(n,)` on.

        `rested`: the robot has not moved since the observation, so the chunk will start at its first row whenever it
        comes. Otherwise rows that are due before `now_ns` will be dropped, and only the others count.
        """
        rows = chunk.positions[check_chunk(chunk, self._embodiment, measured, now_ns, rested) :]
        self._check_position_limits(rows)
        self._check_velocity(rows, chunk.dt_s)
        self._check_acceleration(rows, chunk.dt_s)
        self._check_workspace(rows, measured)

    def _check_position_limits(self, rows: FloatArray) -> None:
        lower, upper = self._embodiment.lower[self._arm], self._embodiment.upper[self._arm]
        positions = rows[:, self._arm]
        beyond = np.maximum(lower - positions, positions - upper)
        row, worst = _worst(beyond)
        if beyond[row, worst] > FOLLOW_TOLERANCE_RAD:
            bounds = f"{lower[worst]:g} to {upper[worst]:g} rad"
            detail = f"{self._name(worst)} would be at {positions[row, worst]:.3f} rad, its range is {bounds}"
            raise ChunkRefused(RefusalReason.WORKSPACE, detail)

    def _check_velocity(self, rows: FloatArray, dt_s: float) -> None:
        limit, rows = self._embodiment.velocity[self._arm], rows[:, self._arm]
        first, second = np.triu_indices(len(rows), 1)
        apart_s = ((second - first) * dt_s)[:, np.newaxis]
        needed = (np.abs(rows[second] - rows[first]) - 2.0 * FOLLOW_TOLERANCE_RAD) / apart_s
        pair, worst = _worst(needed - limit)
        if needed[pair, worst] > limit[worst]:
            detail = f"{self._name(worst)} needs {needed[pair, worst]:.2f} rad/s, at most {limit[worst]:g} rad/s"
            raise ChunkRefused(RefusalReason.VELOCITY, detail)

    def _check_acceleration(self, rows: FloatArray, dt_s: float) -> None:
        limit, rows = self._embodiment.acceleration[self._arm], rows[:, self._arm]
        middle, apart = np.nonzero(_fits_around(len(rows)))
        if not len(middle):
            return
        apart_s = (apart * dt_s)[:, np.newaxis]
        bend = np.abs(rows[middle + apart] - 2.0 * rows[middle] + rows[middle - apart])
        needed = (bend - 4.0 * FOLLOW_TOLERANCE_RAD) / apart_s**2
        triple, worst = _worst(needed - limit)
        if needed[triple, worst] > limit[worst]:
            detail = f"{self._name(worst)} needs {needed[triple, worst]:.1f} rad/s², at most {limit[worst]:g} rad/s²"
            raise ChunkRefused(RefusalReason.ACCELERATION, detail)

    def _check_workspace(self, rows: FloatArray, measured: FloatArray) -> None:
        """A tool that is outside already may come back, but never go further out."""
        for name, arm in self._embodiment.arms.items():
            allowed_m = max(0.0, _outside_m(arm.workspace, self._tool_pose(measured, name)))
            for row, position in enumerate(rows):
                pose = self._tool_pose(position, name)
                if _outside_m(arm.workspace, pose) > allowed_m:
                    where = ", ".join(f"{value:.3f}" for value in pose[:3, 3])
                    box = f"{list(arm.workspace.min_m)} to {list(arm.workspace.max_m)}"
                    detail = f"{arm.tool_site} would be at [{where}] m in row {row}, the workspace is {box} m"
                    raise ChunkRefused(RefusalReason.WORKSPACE, detail)

    def _name(self, arm_index: int) -> str:
        return self._embodiment.joint_names[int(self._arm[arm_index])]


def _worst(excess: FloatArray) -> tuple[int, int]:
    row, column = np.unravel_index(int(excess.argmax()), excess.shape)
    return int(row), int(column)


def _fits_around(rows: int) -> NDArray[np.bool_]:
    """Return `(rows, rows)`: whether the rows as many apart as the second index lie on both sides of the first."""
    middle, apart = np.indices((rows, rows))
    return (apart > 0) & (middle >= apart) & (middle + apart < rows)


def _outside_m(workspace: Workspace, pose: FloatArray) -> float:
    """Return how far the origin of `pose` lies outside the box along one axis [m]; negative inside."""
    position = pose[:3, 3]
    return float(np.maximum(np.array(workspace.min_m) - position, position - np.array(workspace.max_m)).max())
