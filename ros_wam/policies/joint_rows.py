"""Joint positions along planned paths of the tools, by inverse kinematics."""

from collections.abc import Mapping

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

_POSE_SIZE = 6  # an arm with more joints can move them while its tool rests
_PULL, _PULL_RAD = 0.05, 0.002  # per row, towards home; at most so far


def joint_rows(
    embodiment: Embodiment,
    kinematics: Kinematics,
    trajectories: Mapping[str, Trajectory],
    times_s: FloatArray,
    joints: FloatArray,
) -> FloatArray:
    """Return joint positions `(k, n)` at the plan times `(k,)`, near `joints` `(n,)` and each row near the one before.

    `trajectories`: by arm; an arm without one stays at `joints`. An arm with joints to spare keeps its elbow about
    where it is at home. Raises PoseUnreachable.
    """
    names = embodiment.joint_names
    rows = np.tile(joints, (len(times_s), 1))
    for arm, trajectory in trajectories.items():
        columns = [names.index(joint) for joint in embodiment.arms[arm].joints]
        for k, vector in enumerate(trajectory.at(times_s)):
            near = _near(embodiment, joints, rows[:k], columns)
            rows[k, columns] = kinematics.solve(tool_vector.to_matrix(vector), near, arm)[columns]
        rows[:, names.index(embodiment.arms[arm].gripper)] = trajectory.opening_at(times_s)
    return rows


def _near(embodiment: Embodiment, joints: FloatArray, before: FloatArray, columns: list[int]) -> FloatArray:
    """Return the joint positions `(n,)` near which those are that follow the rows `before`, the first near `joints`."""
    if len(before) == 0:
        return joints
    if len(columns) > _POSE_SIZE:  # going on as before would swing the elbow ever farther
        return np.asarray(before[-1] + (_PULL * (embodiment.home_position - before[-1])).clip(-_PULL_RAD, _PULL_RAD))
    return before[-1] if len(before) == 1 else np.asarray(2 * before[-1] - before[-2])
