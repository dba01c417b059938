"""Joint positions along planned paths of the tools, by inverse kinematics."""

from collections.abc import Mapping

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray


def joint_rows(
    embodiment: Embodiment,
    kinematics: Kinematics,
    trajectories: Mapping[str, Trajectory],
    times_s: FloatArray,
    joints: FloatArray,
) -> FloatArray:
    """Return joint positions `(k, n)` at the plan times `(k,)`, near `joints` `(n,)` and each row near the one before.

    `trajectories`: by arm; an arm without one stays at `joints`. Raises PoseUnreachable.
    """
    names = embodiment.joint_names
    rows = np.tile(joints, (len(times_s), 1))
    for arm, trajectory in trajectories.items():
        columns = [names.index(joint) for joint in embodiment.arms[arm].joints]
        for k, vector in enumerate(trajectory.at(times_s)):
            near = joints if k == 0 else rows[0] if k == 1 else 2 * rows[k - 1] - rows[k - 2]
            rows[k, columns] = kinematics.solve(tool_vector.to_matrix(vector), near, arm)[columns]
        rows[:, names.index(embodiment.arms[arm].gripper)] = trajectory.opening_at(times_s)
    return rows
