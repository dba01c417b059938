"""What the servos of an arm are told: what keeps a joint off its goal, its weight or an object, must not be let go.

Whoever starts anew takes a robot where it is measured. A goal there would lower an arm by what it sags, at each start,
and open a gripper that holds something.
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from ros_wam.drivers.dynamixel_servos import JOINTS
from ros_wam.types import FloatArray

NEAR_RAD = 0.1
"""An arm with torque sags by less below its goal: at a gain of 800 the servo pushes with 46 % of its power then."""
STOP_RAD = 0.05
"""After a stop no joint may move by more, whatever let go of it; an arm that sags by more sinks by the rest."""
AT_REST_RAD_S = 0.05
GRIP_RAD, GRIP_FREE_RAD_S = 0.03, 0.3
"""A gripper is told to stay by a command this near to where it is; one that moves faster holds nothing."""


class Goal(NamedTuple):
    """Where to go `(7,)` [rad], and until when to set out; None: whenever."""

    position: FloatArray
    until_ns: int | None


def but_for(numbers: Collection[int], goal: FloatArray, told: FloatArray) -> FloatArray:
    """Return `goal`, but what was `told` for the joints of the servos `numbers`."""
    return np.where([servo.number in numbers for servo in JOINTS], told, goal)


class DynamixelGoals:
    """Makes goals `(7,)` [rad], the gripper's last, of commands for an arm that rests where it was told to be."""

    def __init__(self, told: FloatArray, pressing_nm: float) -> None:
        """`told`: the goals that the servos have; `pressing_nm`: the torque of a gripper that presses on something."""
        self._told, self._pressing_nm = told, pressing_nm
        self._command: FloatArray | None = None
        self._offset = np.zeros_like(told)
        self._gripped: tuple[float, float] | None = None

    def follow(self, command: FloatArray, position: FloatArray, velocity: FloatArray, torque: FloatArray) -> FloatArray:
        """Return the goals for `command`; all are `(7,)` [rad, rad/s, N m].

        The first command after `stop` keeps the goals of what rests near them; what they were off the measured position
        is used up by as much as the commands move. A gripper that presses keeps its goal while it is told to stay.
        """
        if self._command is None:
            off = self._told - position
            self._offset = np.where((np.abs(off) <= NEAR_RAD) & (np.abs(velocity) < AT_REST_RAD_S), off, 0.0)
            self._command = position
        way = np.abs(command - self._command)
        self._offset = np.copysign(np.maximum(np.abs(self._offset) - way, 0.0), self._offset)
        self._command = command.copy()
        goal = command + self._offset
        goal[-1] = self._grip(float(command[-1]), float(position[-1]), float(velocity[-1]), float(torque[-1]))
        self._told = goal
        return goal.copy()

    def stop(
        self, told: FloatArray, position: FloatArray, velocity: FloatArray, torque: FloatArray
    ) -> FloatArray | None:
        """Return the goals that hold the joints where they are, None if they are `told`, which the servos have."""
        self._command = self._gripped = None
        self._told = self.held(told, position, velocity, torque)
        return None if np.array_equal(self._told, told) else self._told.copy()

    def held(self, told: FloatArray, position: FloatArray, velocity: FloatArray, torque: FloatArray) -> FloatArray:
        """Return goals at the measured position, but for what servos that are `told` others keep there.

        A joint that rests keeps up to `STOP_RAD` of what it is off its goal, if that is near: its weight. A gripper
        that presses keeps its goal: its grip; one that rests may only not have set out yet.
        """
        off, rests = told - position, np.abs(velocity) < AT_REST_RAD_S
        kept = np.clip(off, -STOP_RAD, STOP_RAD)
        goal = np.where(np.abs(off) <= STOP_RAD, told, position + kept)
        goal = np.where(rests & (np.abs(off) <= NEAR_RAD), goal, position)
        if float(np.sign(off[-1]) * torque[-1]) >= self._pressing_nm:
            goal[-1] = told[-1]
        return goal

    def _grip(self, command: float, position: float, velocity: float, torque: float) -> float:
        told = float(self._told[-1])
        side = 1.0 if told > position else -1.0
        if self._gripped is None and abs(command - position) <= GRIP_RAD and side * torque >= self._pressing_nm:
            self._gripped = command, side
        if self._gripped is None:
            return command
        begin, side = self._gripped
        let_go = side * (command - begin) < -GRIP_RAD
        if let_go or side * (command - told) > 0.0 or abs(velocity) > GRIP_FREE_RAD_S:
            self._gripped = None
            return command
        return told
