"""Where tools are, as a policy means it: its own tool frame, in its own base frame."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policy.action_spec import ActionSpec
from ros_wam.types import FloatArray


class ToolFrames:
    """Poses of the tools of one robot to those that a policy means, and back. Not for use by two threads at once."""

    def __init__(self, action: ActionSpec, embodiment: Embodiment) -> None:
        """Raises ConfigError where the robot's model has no such base."""
        self.kinematics = Kinematics(embodiment)
        self._T_site_tool = action.tool.T_site_tool
        self._T_tool_site = np.linalg.inv(self._T_site_tool)
        self._T_base_own = {arm: self.kinematics.body_pose(body, arm) for arm, body in action.bases.items()}
        self._T_own_base = {arm: np.linalg.inv(pose) for arm, pose in self._T_base_own.items()}

    def pose(self, position: FloatArray, arm: str) -> FloatArray:
        """Return the policy's pose `(4, 4)` [m] of the tool of `arm` at the joint positions `(n,)`."""
        pose = self.kinematics.tool_pose(position, arm) @ self._T_site_tool
        return np.asarray(self._T_own_base[arm] @ pose if arm in self._T_own_base else pose)

    def site_poses(self, poses: FloatArray, arm: str) -> FloatArray:
        """Return T_base_site `(…, 4, 4)` [m] of the tool site for the policy's poses `(…, 4, 4)`."""
        sites = poses @ self._T_tool_site
        return np.asarray(self._T_base_own[arm] @ sites if arm in self._T_base_own else sites)
