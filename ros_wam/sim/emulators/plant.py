"""What an emulated controller moves and measures: one arm and its gripper. The world's physics, or a test's."""

from typing import Protocol

import numpy as np

from ros_wam.types import FloatArray


class Plant(Protocol):
    """One arm and its gripper. Arm arrays are `(n,)` without the gripper; gripper positions are 0 closed … 1 open."""

    def position(self) -> FloatArray:
        """Measured joint positions [rad]."""
        ...

    def velocity(self) -> FloatArray:
        """Measured joint velocities [rad/s]."""
        ...

    def effort(self) -> FloatArray:
        """Joint torques [N m]."""
        ...

    def tool_wrench(self) -> FloatArray:
        """`(6,)` force [N] and torque [N m] that the surroundings exert on the tool, in the base frame."""
        ...

    def set_target(self, position: FloatArray) -> None:
        """Set where the joints shall go [rad]; kept until the next call."""
        ...

    def gripper_position(self) -> float:
        """Measured opening."""
        ...

    def gripper_velocity(self) -> float:
        """Measured opening speed [1/s]."""
        ...

    def set_gripper_target(self, position: float, speed_1_s: float, force_n: float) -> None:
        """Set where the gripper shall go, how fast and with at most which force; kept until the next call."""
        ...


class KinematicPlant:
    """A plant without physics for tests: joints go to their target at a bounded speed and stop there at once."""

    def __init__(self, position: FloatArray, speed_rad_s: float = 3.0) -> None:
        self._position = np.array(position, dtype=np.float64)
        self._velocity = np.zeros_like(self._position)
        self._target = self._position.copy()
        self._speed_rad_s = speed_rad_s
        self._gripper, self._gripper_velocity, self._gripper_target, self._gripper_speed = 1.0, 0.0, 1.0, 1.0
        self.object_at: float | None = None
        self.wall_at = 1.0
        self.wrench = np.zeros(6)
        """What the tool is made to feel."""

    def step(self, duration_s: float) -> None:
        """Move for `duration_s`. The gripper cannot close below the opening `object_at`, nor open beyond `wall_at`."""
        reach = self._speed_rad_s * duration_s
        moved = np.clip(self._target - self._position, -reach, reach)
        self._position = self._position + moved
        self._velocity = moved / duration_s
        goal = self._gripper_target if self.object_at is None else max(self._gripper_target, self.object_at)
        goal = min(goal, self.wall_at)
        reach = self._gripper_speed * duration_s
        closed = min(max(goal - self._gripper, -reach), reach)
        self._gripper += closed
        self._gripper_velocity = closed / duration_s

    def position(self) -> FloatArray:
        return self._position

    def velocity(self) -> FloatArray:
        return self._velocity

    def effort(self) -> FloatArray:
        return np.zeros_like(self._position)

    def tool_wrench(self) -> FloatArray:
        return self.wrench

    def set_target(self, position: FloatArray) -> None:
        self._target = np.array(position, dtype=np.float64)

    def gripper_position(self) -> float:
        return self._gripper

    def gripper_velocity(self) -> float:
        return self._gripper_velocity

    def set_gripper_target(self, position: float, speed_1_s: float, force_n: float) -> None:
        self._gripper_target, self._gripper_speed = position, speed_1_s
