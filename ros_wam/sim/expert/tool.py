"""Where a tool is, told so that the way to anywhere never leads round its back."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.types import FloatArray


def tool_at(embodiment: Embodiment, kinematics: Kinematics, joints: FloatArray, arm: str) -> FloatArray:
    """Return the tool vector `(6,)` at the joint positions `(n,)`, its yaw within half a turn of that at home."""
    home = tool_vector.from_matrix(kinematics.tool_pose(embodiment.home_position, arm))
    tool = tool_vector.from_matrix(kinematics.tool_pose(joints, arm))
    tool[3] += 2 * np.pi * np.round((home[3] - tool[3]) / (2 * np.pi))
    return tool
