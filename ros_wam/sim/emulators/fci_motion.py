"""How an FR3's controller follows joint positions that come at 1 kHz, and what makes it stop by reflex.

The rules, with libfranka's own numbers (rate_limiting.h) and formulas (limitRate of joint positions): the velocity,
acceleration and jerk that take the desired state as it was published to the commanded position must be within FR3's
limits; more than that is a velocity violation, a velocity discontinuity or an acceleration discontinuity. A cycle
without an answer is a lost packet; the joints then go on at constant acceleration, and 20 lost in a row violate the
communication constraints (Franka's documentation: after 20 consecutively dropped packets the robot stops).
"""

from collections import deque

import numpy as np

from ros_wam.sim.emulators.fci import Error
from ros_wam.sim.emulators.fci_model import ACCELERATION_RAD_S2, JERK_RAD_S3, LOWER_RAD, UPPER_RAD, velocity_limits
from ros_wam.types import FloatArray

DT_S = 1e-3
LOST_IN_A_ROW = 20
SUCCESS_WINDOW = 100
"""Cycles that the success rate of commands is counted over (franka::RobotState)."""


class JointMotion:
    """The desired joint state `(7,)`: position [rad], velocity and acceleration, as differences over one cycle."""

    def __init__(self, position: FloatArray) -> None:
        """Begin at rest at `position`."""
        self.position = np.array(position, np.float64)
        self.velocity = np.zeros_like(self.position)
        self.acceleration = np.zeros_like(self.position)
        self.lost_in_a_row = 0
        self._received: deque[bool] = deque(maxlen=SUCCESS_WINDOW)

    @property
    def desired(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Position, velocity and acceleration."""
        return self.position, self.velocity, self.acceleration

    @property
    def success_rate(self) -> float:
        """Share of the latest cycles that had a command; 0 while none is followed."""
        return sum(self._received) / len(self._received) if self._received else 0.0

    def begin(self) -> None:
        """Begin to follow commands; no packet is lost yet."""
        self.lost_in_a_row = 0
        self._received.clear()

    def follow(self, target: FloatArray) -> Error | None:
        """Go to the position that was commanded for this cycle, or return why the robot stops by reflex instead."""
        reason = self._broken_rule(target)
        if reason is None:
            self._go(target)
            self.lost_in_a_row = 0
            self._received.append(True)
        return reason

    def lose(self) -> Error | None:
        """Go on for a cycle whose command was lost, or return why the robot stops by reflex instead."""
        self.lost_in_a_row += 1
        self._received.append(False)
        if self.lost_in_a_row >= LOST_IN_A_ROW:
            return Error.COMMUNICATION_CONSTRAINTS
        velocity = self.velocity + self.acceleration * DT_S
        self.position = self.position + 0.5 * (self.velocity + velocity) * DT_S
        self.velocity = velocity
        return None

    def brake(self) -> bool:
        """Slow down for a cycle, as hard as FR3 may; return whether the joints rest."""
        self._received.clear()
        reach = ACCELERATION_RAD_S2 * DT_S
        velocity = self.velocity - np.clip(self.velocity, -reach, reach)
        self.acceleration = (velocity - self.velocity) / DT_S
        self.position = self.position + velocity * DT_S
        self.velocity = velocity
        if velocity.any():
            return False
        self.acceleration = np.zeros_like(velocity)
        return True

    def _go(self, target: FloatArray) -> None:
        velocity = (target - self.position) / DT_S
        self.acceleration = (velocity - self.velocity) / DT_S
        self.position, self.velocity = target, velocity

    def _broken_rule(self, target: FloatArray) -> Error | None:
        if not ((target >= LOWER_RAD) & (target <= UPPER_RAD)).all():  # so written, NaN is outside
            return Error.POSITION_LIMITS
        # What the client was told has the accuracy of its wire.
        position, before, acceleration_before = (
            value.astype(np.float32).astype(np.float64) for value in (self.position, self.velocity, self.acceleration)
        )
        velocity = (target - position) / DT_S
        lowest, highest = velocity_limits(position)
        if ((velocity < lowest) | (velocity > highest)).any():
            return Error.VELOCITY_LIMITS
        acceleration = (velocity - before) / DT_S
        if (np.abs(acceleration) > ACCELERATION_RAD_S2).any():
            return Error.VELOCITY_DISCONTINUITY
        if (np.abs(acceleration - acceleration_before) / DT_S > JERK_RAD_S3).any():
            return Error.ACCELERATION_DISCONTINUITY
        return None
