"""Adds moves to a trajectory, each as long as the joints need."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

SETTLE_S = 0.12
"""The robot follows this much later."""
_EFFORT = 0.55  # of the robot's limits, for one move; two may overlap
_PEAK_VELOCITY, _PEAK_ACCELERATION, _PEAK_JERK = 1.875, 5.774, 60.0  # of a minimum-jerk move of unit length and time
_MAX_SPEED_M_S = 0.7
_SHORTEST_S = 0.25


class Mover:
    """Moves of one arm, the first unless `arm` names it. Raises PoseUnreachable where it cannot go."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics, arm: str | None = None) -> None:
        self._kinematics = kinematics
        self._arm = arm or next(iter(embodiment.arms))
        joints = embodiment.arms[self._arm].joints
        self._columns = np.array([embodiment.joint_names.index(joint) for joint in joints])
        self._velocity = _EFFORT * embodiment.velocity[self._columns]
        self._acceleration = _EFFORT * embodiment.acceleration[self._columns]
        self._jerk = _EFFORT * embodiment.jerk[self._columns]

    def go(
        self,
        trajectory: Trajectory,
        goal: FloatArray,
        start_s: float,
        seed: FloatArray,
        max_speed_m_s: float = _MAX_SPEED_M_S,
    ) -> float:
        """Add one move to the tool vector `goal` `(6,)`, unless the trajectory ends there; return when it ends [s].

        `seed` `(n,)`: joint positions near by, for the inverse kinematics.
        """
        if np.abs(goal - trajectory.end).max() < 1e-6:
            return start_s
        end_s = start_s + self.duration_s(trajectory.end, goal, seed, max_speed_m_s)
        trajectory.move_to(goal, start_s, end_s)
        return end_s

    def duration_s(
        self, start: FloatArray, goal: FloatArray, seed: FloatArray, max_speed_m_s: float = _MAX_SPEED_M_S
    ) -> float:
        """Return how long the move from `start` to `goal` takes, from rest to rest."""
        there = self._kinematics.solve(tool_vector.to_matrix(start), seed, self._arm)
        joints = self._kinematics.solve(tool_vector.to_matrix(goal), there, self._arm) - there
        turns = np.abs(joints[self._columns])
        return max(
            _SHORTEST_S,
            float((_PEAK_VELOCITY * turns / self._velocity).max()),
            float(np.sqrt(_PEAK_ACCELERATION * turns / self._acceleration).max()),
            float(np.cbrt(_PEAK_JERK * turns / self._jerk).max()),
            _PEAK_VELOCITY * float(np.linalg.norm((goal - start)[:3])) / max_speed_m_s,
        )
