"""One bowl into another as timed moves: down over its rim, close, lift; carry, lower, open, retreat."""

from dataclasses import dataclass

import numpy as np

from ros_wam.policies.bowls import WALL_M, WALL_TILT_RAD, Bowl
from ros_wam.policies.mover import SETTLE_S, Mover
from ros_wam.policies.tool_vector import at_height
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

_OPENING_M = 0.045  # around a rim; the inner finger stays 10 mm off the axis of the smallest bowl
_RELEASE_OPENING_M = 0.022  # not so far that the outer finger meets the bowl below
_ABOVE_RIM_M = 0.008  # the tool, so that the pads, which reach 19 mm below it, hold 11 mm of the wall
_HOVER_M = 0.130  # finger tips well above every rim
_LIFT_M = 0.105  # what hangs from the fingers clears the stack
_DROP_M = 0.004  # above where it will stand
_CARRY_M_S, _LOWER_M_S = 0.30, 0.20
_CLOSING_S, _OPENING_S = 0.5, 0.25
_FOOT_M = 0.008  # so much higher a bowl stands in another
_HELD_M = (0.3 * WALL_M, 4 * WALL_M)  # what the fingers measure across a wall that is bent


@dataclass(frozen=True, eq=False)
class Pick:
    """When, in plan time [s], which part of picking `bowl` up begins; `grasp` is the tool vector `(6,)`."""

    bowl: Bowl
    grasp: FloatArray
    descend_s: float
    close_s: float
    closed_s: float
    lifted_s: float


@dataclass(frozen=True)
class Placement:
    """When, in plan time [s], a bowl is let go, and when the hand is out of the way above it."""

    release_s: float
    done_s: float


class BowlPlanner:
    """Adds the moves of one arm to its trajectory. Raises PoseUnreachable where it cannot go.

    It takes every bowl at the point of the rim that is `outwards` `(2,)` of its axis, a unit vector in the base frame.
    """

    def __init__(self, mover: Mover, stroke_m: float, home: FloatArray, outwards: FloatArray) -> None:
        self._mover, self._stroke_m, self._home, self._outwards = mover, stroke_m, home, outwards
        across = float(np.arctan2(outwards[1], outwards[0]))
        turns = [across + k * np.pi for k in range(-3, 4)]
        self._yaw = min(turns, key=lambda yaw: abs(yaw - home[3]))
        same_way = np.cos(self._yaw - across)  # 1 where the tool's x axis points outwards, -1 where inwards
        self._tilt = -float(same_way) * WALL_TILT_RAD  # the fingers are parallel to the wall

    def grasp_vector(self, bowl: Bowl, middle_m: FloatArray) -> FloatArray:
        """Return the tool vector `(6,)` that holds `bowl` by its rim when its axis is at `middle_m` `(2,)`."""
        x, y = middle_m + self._outwards * bowl.rim_m
        return np.array([x, y, bowl.height_m + _ABOVE_RIM_M, self._yaw, 0.0, self._tilt])

    def is_held(self, opening: float) -> bool:
        """Return whether fingers that were told to close and stand at `opening` 0–1 have a wall between them."""
        return _HELD_M[0] < opening * self._stroke_m < _HELD_M[1]

    def pick(self, trajectory: Trajectory, bowl: Bowl, grasp: FloatArray, start_s: float, seed: FloatArray) -> Pick:
        """Add the moves up to where `bowl` hangs above its place; `seed` `(n,)`: joint positions near by."""
        start_s = self._raise(trajectory, grasp, start_s, seed)
        trajectory.grip(_OPENING_M / self._stroke_m, start_s)
        descend_s = max(self._mover.go(trajectory, at_height(grasp, _HOVER_M), start_s, seed), trajectory.end_s)
        close_s = self._mover.go(trajectory, grasp, descend_s, seed, _LOWER_M_S) + SETTLE_S
        trajectory.grip(0.0, close_s)
        closed_s = close_s + _CLOSING_S
        lifted_s = self._mover.go(trajectory, at_height(grasp, grasp[2] + _LIFT_M), closed_s, seed, _LOWER_M_S)
        return Pick(bowl, grasp, descend_s, close_s, closed_s, lifted_s)

    def place(
        self, trajectory: Trajectory, bowl: Bowl, middle_m: FloatArray, below: int, start_s: float, seed: FloatArray
    ) -> Placement:
        """Add the moves that put `bowl` into `below` others at `middle_m` `(2,)`, and the way home."""
        placed = self.grasp_vector(bowl, middle_m)
        placed[2] += below * _FOOT_M + _DROP_M
        crossed_s = self._mover.go(trajectory, at_height(placed, trajectory.end[2]), start_s, seed, _CARRY_M_S)
        release_s = self._mover.go(trajectory, placed, crossed_s, seed, _LOWER_M_S) + SETTLE_S
        trajectory.grip(_RELEASE_OPENING_M / self._stroke_m, release_s)
        risen_s = self._mover.go(trajectory, at_height(placed, _HOVER_M), release_s + _OPENING_S, seed, _LOWER_M_S)
        self.go_home(trajectory, risen_s, seed)
        return Placement(release_s, risen_s)

    def go_home(self, trajectory: Trajectory, start_s: float, seed: FloatArray) -> None:
        """Add the way home with the gripper open, straight up first where the fingers are low."""
        start_s = self._raise(trajectory, self._home, start_s, seed)
        trajectory.grip(1.0, start_s)
        self._mover.go(trajectory, self._home, start_s, seed)

    def _raise(self, trajectory: Trajectory, goal: FloatArray, start_s: float, seed: FloatArray) -> float:
        end = trajectory.end
        if end[2] >= _HOVER_M - 1e-3 or np.hypot(*(goal - end)[:2]) < 1e-3:
            return start_s
        return self._mover.go(trajectory, at_height(end, _HOVER_M), start_s, seed)
