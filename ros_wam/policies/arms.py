"""What every planner needs of its robot: where tools and cameras are, how far grippers are open."""

from collections.abc import Mapping

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.joint_rows import joint_rows
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray


class Arms:
    """A robot's arms in one base frame and its cameras. Where an arm may be named, the first one is meant otherwise."""

    def __init__(
        self,
        embodiment: Embodiment,
        kinematics: Kinematics,
        views: Mapping[str, ViewCalibration],
        count: int,
        needed: tuple[str, ...],
    ) -> None:
        """Raises ConfigError unless the robot has `count` arms in one base frame and the views `needed`."""
        frames = [arm.base_frame for arm in embodiment.arms.values()]
        if len(frames) != count or len(set(frames)) != 1:
            stands = f"has {len(frames)} arms on {', '.join(frames)}"
            raise ConfigError(f"baseline: {embodiment.name} {stands}; this work needs {count} on one frame")
        missing = [view for view in needed if view not in views]
        if missing:
            raise ConfigError(
                f"baseline: {embodiment.name} has no view {', '.join(missing)}; this work needs: {', '.join(needed)}"
            )
        self._embodiment, self._kinematics, self._views = embodiment, kinematics, views
        self._names = tuple(embodiment.arms)
        self._arm_at = {arm.tool_site: name for name, arm in embodiment.arms.items()}
        self._grippers = {name: embodiment.joint_names.index(arm.gripper) for name, arm in embodiment.arms.items()}

    def tool(self, joints: FloatArray, arm: str | None = None) -> FloatArray:
        """Return where a tool is at the joint positions `(n,)`, as a tool vector `(6,)`."""
        return tool_vector.from_matrix(self._kinematics.tool_pose(joints, arm))

    def opening(self, joints: FloatArray, arm: str | None = None) -> float:
        """Return how far a gripper is open, 0–1."""
        return float(joints[self._grippers[arm or self._names[0]]])

    def arm_of(self, view: str) -> str | None:
        """Return the arm that carries the camera of a view; None for a camera that stands still."""
        return self._arm_at.get(self._views[view].frame)

    def camera(self, view: str, joints: FloatArray) -> PlacedCamera:
        """Return the camera of a view, placed as it was at the joint positions `(n,)`."""
        arm = self.arm_of(view)
        return PlacedCamera(self._views[view], np.eye(4) if arm is None else self._kinematics.tool_pose(joints, arm))

    def joint_rows(self, trajectories: Mapping[str, Trajectory], times_s: FloatArray, joints: FloatArray) -> FloatArray:
        """Return joint positions `(k, n)` along trajectories by arm; see `joint_rows.joint_rows`."""
        return joint_rows(self._embodiment, self._kinematics, trajectories, times_s, joints)
