"""May this chunk be executed? Typed reasons when not. Refuses only what cannot be followed; the smoother does the rest.

Velocity and acceleration: a policy's rows jitter, and the smoother may cut a corner or lag a little. So a chunk is
refused only when no motion inside the limits of the robot file passes within `FOLLOW_TOLERANCE_RAD` of its rows:

* for every two rows, |q_j - q_i| must not exceed v_max (t_j - t_i) + 2 tolerance;
* for every three rows a time h apart, |q_k-h - 2 q_k + q_k+h| must not exceed a_max h² + 4 tolerance.

The first is necessary and sufficient for each joint, the second necessary. Grippers are exempt: their targets are
steps, and the driver limits their speed.

Position limits, workspace and collisions: what is checked is the way, straight in joint space, from where the robot is
through the chunk's rows, between the rows too. What is sent is that way smoothed, and blended with the chunk before: it
cuts corners, and nothing checks the corners for collisions; the gate keeps only the tool in its workspace. Nor is
anything known of what the robot holds, of people, and of what is no fixture. Fingers are where the chunk wants them,
not where what they hold keeps them.

Tool poses that an arm cannot go to never come here: `actions/tool_motion.py` refuses them as UNREACHABLE.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ros_wam.calibration import Fixture
from ros_wam.causes import RefusalReason
from ros_wam.collision import CollisionModel
from ros_wam.embodiment import Embodiment, Workspace
from ros_wam.errors import ChunkRefused
from ros_wam.kinematics import Kinematics
from ros_wam.motion.acceptance import check_chunk
from ros_wam.sweep import Obstacle, sweep
from ros_wam.types import ActionChunk, FloatArray

FOLLOW_TOLERANCE_RAD = 0.05  # about 3°, 5 cm at a reach of 1 m: beyond it the robot no longer does what was asked
MAX_ROWS = 1000  # of an answer: policies give up to a few hundred, and each is compared with every other
WORKSPACE_STEP_RAD = 0.05  # the tool is looked at so often: 1 m from a joint it bulges 0.3 mm between two looks

ToolPose = Callable[[FloatArray, str], FloatArray]
"""`(n,)` joint positions and the name of an arm to T_base_tool, `(4, 4)` [m]: `Kinematics.tool_pose`."""
Sweep = Callable[[FloatArray], Iterator[Obstacle | None]]
"""A path `(rows, n)`, from where the robot is, to what is in the way: `sweep` of a collision model."""


def check_actions(actions: ArrayLike, shape: tuple[int | None, int], fewest_rows: int = 1) -> None:
    """Raise ChunkRefused (WRONG_SHAPE, NON_FINITE) unless `actions` is a finite array of `shape`.

    Where the number of rows is None, `fewest_rows` to MAX_ROWS will do.
    """
    array = np.asarray(actions)
    rows, columns = shape
    if rows is not None and array.shape != shape:
        raise ChunkRefused(RefusalReason.WRONG_SHAPE, f"shape is {array.shape}, must be {shape}")
    if array.ndim != 2 or array.shape[1] != columns or not fewest_rows <= len(array) <= MAX_ROWS:
        wanted = f"({fewest_rows} to {MAX_ROWS}, {columns})"
        raise ChunkRefused(RefusalReason.WRONG_SHAPE, f"shape is {array.shape}, must be {wanted}")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        detail = f"row {row}, column {column} is {array[row, column]}, of {(~finite).sum()} such values"
        raise ChunkRefused(RefusalReason.NON_FINITE, detail)


class Admission:
    """Decides on chunks for one robot; keeps no state. Not for use by two threads at once."""

    def __init__(self, embodiment: Embodiment, tool_pose: ToolPose, obstacles: Sweep) -> None:
        self._embodiment = embodiment
        self._tool_pose = tool_pose
        self._obstacles = obstacles
        self._arm = np.flatnonzero(~embodiment.is_gripper)

    def check(self, chunk: ActionChunk, measured: FloatArray, now_ns: int, rested: bool) -> None:
        """Raise ChunkRefused unless `chunk` may be executed from the `measured` position `(n,)` on.

        `rested`: the robot has not moved since the observation, so the chunk will start at its first row whenever it
        comes; otherwise with the one that is due at `now_ns`. All rows count, whichever is due: a robot that is slowed,
        or held, takes the chunk up earlier.
        """
        check_chunk(chunk, self._embodiment, measured, now_ns, rested)
        rows = chunk.positions
        self._check_position_limits(rows, measured)
        self._check_velocity(rows[:, self._arm], chunk.dt_s)
        self._check_acceleration(rows[:, self._arm], chunk.dt_s)
        for _ in self.check_way(rows, measured):
            pass

    def check_way(self, rows: FloatArray, start: FloatArray) -> Iterator[None]:
        """Check the way from `start` `(n,)` through `rows` `(T, n)`.

        Raises ChunkRefused (WORKSPACE, COLLISION) while it is iterated; who must not wait may go on later. A robot that
        is where it must not be may come back, but go no further.
        """
        inside = np.clip(rows, self._embodiment.lower, self._embodiment.upper)  # as it will be followed
        path = np.vstack([start, inside])
        yield from self._check_workspace(path)
        yield from self._check_collisions(path)

    def _check_position_limits(self, rows: FloatArray, start: FloatArray) -> None:
        lower, upper = self._embodiment.lower[self._arm], self._embodiment.upper[self._arm]
        path = np.vstack([start, rows])[:, self._arm]
        beyond = np.maximum(lower - path, path - upper)
        excess = beyond - np.maximum(beyond[0], FOLLOW_TOLERANCE_RAD)  # never positive where the way begins
        row, worst = _worst(excess)
        if excess[row, worst] > 0.0:
            bounds = f"{lower[worst]:g} to {upper[worst]:g} rad"
            where = f"{path[row, worst]:.3f} rad in row {row - 1}"
            detail = f"{self._name(worst)} would be at {where}, its range is {bounds}"
            raise ChunkRefused(RefusalReason.WORKSPACE, detail)

    def _check_velocity(self, rows: FloatArray, dt_s: float) -> None:
        limit = self._embodiment.velocity[self._arm]
        found = []
        for apart in range(1, len(rows)):
            needed = (np.abs(rows[apart:] - rows[:-apart]) - 2.0 * FOLLOW_TOLERANCE_RAD) / (apart * dt_s)
            row, joint = _worst(needed - limit)
            if needed[row, joint] > limit[joint]:
                found.append((needed[row, joint] - limit[joint], row, apart, joint))
        if found:
            excess, row, apart, joint = max(found)
            speed = f"{limit[joint] + excess:.2f} rad/s from row {row} to row {row + apart}"
            detail = f"{self._name(joint)} needs {speed}, at most {limit[joint]:g} rad/s"
            raise ChunkRefused(RefusalReason.VELOCITY, detail)

    def _check_acceleration(self, rows: FloatArray, dt_s: float) -> None:
        limit = self._embodiment.acceleration[self._arm]
        found = []
        for apart in range(1, (len(rows) + 1) // 2):
            bend = np.abs(rows[2 * apart :] - 2.0 * rows[apart:-apart] + rows[: -2 * apart])
            needed = (bend - 4.0 * FOLLOW_TOLERANCE_RAD) / (apart * dt_s) ** 2
            row, joint = _worst(needed - limit)
            if needed[row, joint] > limit[joint]:
                found.append((needed[row, joint] - limit[joint], row + apart, joint))
        if found:
            excess, row, joint = max(found)
            detail = (
                f"{self._name(joint)} needs {limit[joint] + excess:.1f} rad/s² around row {row},"
                f" at most {limit[joint]:g} rad/s²"
            )
            raise ChunkRefused(RefusalReason.ACCELERATION, detail)

    def _check_workspace(self, path: FloatArray) -> Iterator[None]:
        for name, arm in self._embodiment.arms.items():
            allowed_m = max(0.0, _outside_m(arm.workspace, self._tool_pose(path[0], name)))
            for row, (start, end) in enumerate(itertools.pairwise(path)):
                looks = max(1, math.ceil(np.abs(end - start)[self._arm].max() / WORKSPACE_STEP_RAD))
                for look in range(1, looks + 1):
                    pose = self._tool_pose(start + look / looks * (end - start), name)
                    if _outside_m(arm.workspace, pose) > allowed_m:
                        where = ", ".join(f"{value:.3f}" for value in pose[:3, 3])
                        box = f"{list(arm.workspace.min_m)} to {list(arm.workspace.max_m)}"
                        detail = f"{arm.tool_site} would be at [{where}] m on the way to row {row}, the workspace is"
                        raise ChunkRefused(RefusalReason.WORKSPACE, f"{detail} {box} m")
                    yield

    def _check_collisions(self, path: FloatArray) -> Iterator[None]:
        for obstacle in self._obstacles(path):
            if obstacle is not None:
                raise ChunkRefused(RefusalReason.COLLISION, f"on the way to row {obstacle.row - 1} {obstacle}")
            yield

    def _name(self, arm_index: int) -> str:
        return self._embodiment.joint_names[int(self._arm[arm_index])]


def build_admission(embodiment: Embodiment, fixtures: Mapping[str, Fixture]) -> Admission:
    """Return the admission of a robot among its fixtures; raises ConfigError when its model cannot be used."""
    obstacles = partial(sweep, CollisionModel(embodiment, fixtures))
    return Admission(embodiment, Kinematics(embodiment).tool_pose, obstacles)


def _worst(excess: FloatArray) -> tuple[int, int]:
    row, column = np.unravel_index(int(excess.argmax()), excess.shape)
    return int(row), int(column)


def _outside_m(workspace: Workspace, pose: FloatArray) -> float:
    """Return how far the origin of `pose` lies outside the box along one axis [m]; negative inside."""
    position = pose[:3, 3]
    return float(np.maximum(np.array(workspace.min_m) - position, position - np.array(workspace.max_m)).max())
