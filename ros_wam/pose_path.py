"""Joint positions along a path of tool poses, each near the one before."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import PoseUnreachable
from ros_wam.kinematics import Kinematics
from ros_wam.types import FloatArray

_POSE_SIZE = 6  # an arm with more joints can move them while its tool rests
_PULL, _PULL_RAD = 0.05, 0.002  # per row, towards home; at most so far


def solve_path(
    embodiment: Embodiment, kinematics: Kinematics, T_base_tool: FloatArray, seed: FloatArray, arm: str
) -> FloatArray:
    """Return `(k, joints of the arm)` positions [rad] for the poses `(k, 4, 4)` [m], the first near `seed` `(n,)`.

    An arm with joints to spare keeps its elbow about where it is at home. Raises PoseUnreachable, which names the row.
    """
    columns = [embodiment.joint_names.index(joint) for joint in embodiment.arms[arm].joints]
    rows: list[FloatArray] = []
    for row, pose in enumerate(T_base_tool):
        try:
            rows.append(solve_next(embodiment, kinematics, pose, rows, seed, arm))
        except PoseUnreachable as error:
            raise PoseUnreachable(f"row {row}: {error}") from error
    return np.array(rows)[:, columns]


def solve_next(
    embodiment: Embodiment,
    kinematics: Kinematics,
    T_base_tool: FloatArray,
    before: list[FloatArray],
    seed: FloatArray,
    arm: str,
) -> FloatArray:
    """Return `(n,)` positions for a pose that follows the rows `before`, each `(n,)`; if there are none, near `seed`.

    Raises PoseUnreachable.
    """
    joints = len(embodiment.arms[arm].joints)
    return kinematics.solve(T_base_tool, _near(embodiment, seed, before, joints), arm)


def _near(embodiment: Embodiment, seed: FloatArray, before: list[FloatArray], joints: int) -> FloatArray:
    """Return the joint positions `(n,)` near which those are that follow the rows `before`, the first near `seed`."""
    if not before:
        return seed
    if joints > _POSE_SIZE:  # going on as before would swing the elbow ever farther
        return np.asarray(before[-1] + (_PULL * (embodiment.home_position - before[-1])).clip(-_PULL_RAD, _PULL_RAD))
    return before[-1] if len(before) == 1 else np.asarray(2 * before[-1] - before[-2])
