"""How a controller turns the targets it is sent into what its motors follow; the emulators and lockstep share it.

The motors themselves (servo stiffness, torque limits) are the position actuators of the robot's MJCF.
"""

import math

import numpy as np

from ros_wam.types import FloatArray

LOOKAHEAD_S = 0.03
"""Smoothing of streamed targets: the shortest lookahead that UR's servoJ accepts (ur_rtde: 0.03–0.2 s)."""
CONTROLLER_VELOCITY_RAD_S = 3.14
"""The joint speed at which UR controllers cut off (UR ROS 2 description: 180 deg/s on every joint)."""


class ArmActuator:
    """The servo of one arm's joints (no gripper): a first-order filter of streamed targets, with a speed limit.

    Without a new target it goes to the last one and stays there.
    """

    def __init__(self, position: FloatArray, lookahead_s: float = LOOKAHEAD_S) -> None:
        """Begin at rest at `position` `(n,)` [rad]."""
        self._lookahead_s = lookahead_s
        self.hold(position)

    def hold(self, position: FloatArray) -> None:
        """Forget the target and stay at `position` `(n,)` [rad]."""
        self._target = self._reference = np.array(position, np.float64)

    def set_target(self, position: FloatArray) -> None:
        """Go to `position` `(n,)` [rad]."""
        self._target = np.array(position, np.float64)

    def step(self, dt_s: float) -> FloatArray:
        """Advance by `dt_s` and return the setpoint of the motors `(n,)` [rad]."""
        share, reach = -math.expm1(-dt_s / self._lookahead_s), CONTROLLER_VELOCITY_RAD_S * dt_s
        step = (self._target - self._reference) * share
        self._reference = self._reference + np.minimum(np.maximum(step, -reach), reach)
        return self._reference


class GripperActuator:
    """One gripper: moves its setpoint at constant speed. Stroke 0 closed … 1 open.

    It pushes on when something is in the way, with the force limit of the MJCF's actuator.
    """

    def __init__(self, position: float, speed_1_s: float) -> None:
        """Begin at rest at `position`; `speed_1_s` in strokes per second."""
        self._target = self._reference = position
        self._speed_1_s = speed_1_s

    def hold(self, position: float) -> None:
        """Forget the target and stay at `position`."""
        self._target = self._reference = position

    def stop(self) -> None:
        """Go no further: fingers that move rest, and what something is in the way of presses on it as before."""
        self._target = self._reference

    def set_target(self, position: float, speed_1_s: float | None = None) -> None:
        """Go to `position`, clamped to 0–1; at `speed_1_s` from now on, if given."""
        self._target = min(max(position, 0.0), 1.0)
        self._speed_1_s = self._speed_1_s if speed_1_s is None else speed_1_s

    def step(self, dt_s: float) -> float:
        """Advance by `dt_s` and return the setpoint."""
        reach = self._speed_1_s * dt_s
        self._reference += min(max(self._target - self._reference, -reach), reach)
        return self._reference
