"""One thing from the table into the box, as timed moves: approach, descend, close, lift, carry, open."""

from dataclasses import dataclass

import numpy as np

from ros_wam.policies.grasp import opening_for
from ros_wam.policies.mover import SETTLE_S, Mover
from ros_wam.policies.scene_memory import Sighting
from ros_wam.policies.things import Thing
from ros_wam.policies.tool_vector import at_height
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

_HOVER_M = 0.115  # tool above the table: fingers above everything, and the wrist camera sees the thing whole
_CARRY_M = 0.155  # what hangs from the fingers clears the box
_RELEASE_M = 0.088  # finger tips just above the rim
_CLOSING_S = 0.35
_OPENING_S = 0.15
_PLACES_M = {"cube": -0.075, "bar": 0.0, "cylinder": 0.075}  # along the box, so that nothing lands on anything


@dataclass(frozen=True, eq=False)
class PickPlace:
    """When, in plan time [s], which part of the work on `thing` begins; `grasp` is the tool vector `(6,)`."""

    thing: Thing
    grasp: FloatArray
    hover_s: float
    descend_s: float
    close_s: float
    closed_s: float
    release_s: float
    done_s: float


class PickPlacePlanner:
    """Adds the moves of the work to a trajectory. Raises PoseUnreachable where the arm cannot go."""

    def __init__(self, mover: Mover, stroke_m: float) -> None:
        self._mover, self._stroke_m = mover, stroke_m

    def pick_place(
        self,
        trajectory: Trajectory,
        thing: Thing,
        grasp: FloatArray,
        box: Sighting,
        start_s: float,
        seed: FloatArray,
        descend_after_s: float = 0.0,
    ) -> PickPlace:
        """Add the whole work on `thing`, from `start_s` on; the descent begins after `descend_after_s`.

        `seed` `(n,)`: joint positions near by, for the inverse kinematics.
        """
        hover = at_height(grasp, _HOVER_M)
        start_s = self._raise(trajectory, hover, start_s, seed)
        trajectory.grip(opening_for(thing, self._stroke_m), start_s)
        self._mover.go(trajectory, hover, start_s, seed)
        hover_s = max(trajectory.end_s, start_s)
        descend_s = max(hover_s, descend_after_s)
        close_s = self._mover.go(trajectory, grasp, descend_s, seed) + SETTLE_S
        trajectory.grip(0.0, close_s)
        closed_s = close_s + _CLOSING_S
        release_s = self._carry(trajectory, self._place(thing, grasp, box), closed_s, seed)
        trajectory.grip(opening_for(thing, self._stroke_m), release_s)
        return PickPlace(thing, grasp, hover_s, descend_s, close_s, closed_s, release_s, release_s + _OPENING_S)

    def go_home(self, trajectory: Trajectory, home: FloatArray, start_s: float, seed: FloatArray) -> None:
        """Add the way to the tool vector `home` with the gripper open."""
        start_s = self._raise(trajectory, home, start_s, seed)
        trajectory.grip(1.0, start_s)
        self._mover.go(trajectory, home, start_s, seed)

    def _carry(self, trajectory: Trajectory, release: FloatArray, start_s: float, seed: FloatArray) -> float:
        """Lift, cross over while still rising, sink while still crossing; return when the thing may be let go."""
        lifted_s = self._mover.go(trajectory, at_height(trajectory.end, _CARRY_M), start_s, seed)
        crossed_s = self._mover.go(trajectory, at_height(release, _CARRY_M), start_s + 0.5 * (lifted_s - start_s), seed)
        sink_s = self._mover.duration_s(trajectory.end, release, seed)
        trajectory.move_to(
            release, max(lifted_s, crossed_s - 0.7 * sink_s), max(lifted_s, crossed_s - 0.7 * sink_s) + sink_s
        )
        return trajectory.end_s + SETTLE_S

    def _raise(self, trajectory: Trajectory, goal: FloatArray, start_s: float, seed: FloatArray) -> float:
        """Rise first where the fingers are low; return when moving sideways may begin."""
        end = trajectory.end
        if end[2] >= min(_HOVER_M, _CARRY_M) - 1e-3 or np.hypot(*(goal - end)[:2]) < 0.03:
            return start_s
        risen_s = self._mover.go(trajectory, at_height(end, _CARRY_M), start_s, seed)
        return start_s + 0.5 * (risen_s - start_s)

    def _place(self, thing: Thing, grasp: FloatArray, box: Sighting) -> FloatArray:
        along = _PLACES_M[thing.name]
        x, y = box.x_m + along * np.cos(box.yaw_rad), box.y_m + along * np.sin(box.yaw_rad)
        return np.array([x, y, _RELEASE_M, grasp[3], 0.0, 0.0])
