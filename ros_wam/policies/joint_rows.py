"""Joint positions along planned paths of the tools, by inverse kinematics."""

from collections.abc import Mapping

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.trajectory import Trajectory
from ros_wam.pose_path import solve_path
from ros_wam.types import FloatArray


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
        poses = np.array([tool_vector.to_matrix(vector) for vector in trajectory.at(times_s)])
        rows[:, columns] = solve_path(embodiment, kinematics, poses, joints, arm)
        rows[:, names.index(embodiment.arms[arm].gripper)] = trajectory.opening_at(times_s)
    return rows
