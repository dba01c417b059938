"""One thing from the table into the box, as timed moves: approach, descend, close, lift, carry, open."""

from dataclasses import dataclass

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies import tool_vector
from ros_wam.policies.grasp import opening_for
from ros_wam.policies.scene_memory import Sighting
from ros_wam.policies.things import Thing
from ros_wam.policies.trajectory import Trajectory
from ros_wam.types import FloatArray

_EFFORT = 0.55  # of the robot's limits, for one move; two may overlap
_PEAK_VELOCITY, _PEAK_ACCELERATION, _PEAK_JERK = 1.875, 5.774, 60.0  # of a minimum-jerk move of unit length and time
_MAX_SPEED_M_S = 0.7
_SHORTEST_S = 0.25
_HOVER_M = 0.115  # tool above the table: fingers above everything, and the wrist camera sees the thing whole
_CARRY_M = 0.155  # what hangs from the fingers clears the box
_RELEASE_M = 0.088  # finger tips just above the rim
_SETTLE_S = 0.12  # the robot follows this much later
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
    """Adds moves to a trajectory, each as long as the joints need. Raises PoseUnreachable where they cannot go."""

    def __init__(self, embodiment: Embodiment, kinematics: Kinematics) -> None:
        self._kinematics = kinematics
        self._arm = ~embodiment.is_gripper
        self._velocity = _EFFORT * embodiment.velocity[self._arm]
        self._acceleration = _EFFORT * embodiment.acceleration[self._arm]
        self._jerk = _EFFORT * embodiment.jerk[self._arm]
        self._stroke_m = next(iter(embodiment.grippers.values())).stroke_m

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
        hover = _at_height(grasp, _HOVER_M)
        start_s = self._raise(trajectory, hover, start_s, seed)
        trajectory.grip(opening_for(thing, self._stroke_m), start_s)
        self._go(trajectory, hover, start_s, seed)
        hover_s = max(trajectory.end_s, start_s)
        descend_s = max(hover_s, descend_after_s)
        close_s = self._go(trajectory, grasp, descend_s, seed) + _SETTLE_S
        trajectory.grip(0.0, close_s)
        closed_s = close_s + _CLOSING_S
        release_s = self._carry(trajectory, self._place(thing, grasp, box), closed_s, seed)
        trajectory.grip(opening_for(thing, self._stroke_m), release_s)
        return PickPlace(thing, grasp, hover_s, descend_s, close_s, closed_s, release_s, release_s + _OPENING_S)

    def go_home(self, trajectory: Trajectory, home: FloatArray, start_s: float, seed: FloatArray) -> None:
        """Add the way to the tool vector `home` with the gripper open."""
        start_s = self._raise(trajectory, home, start_s, seed)
        trajectory.grip(1.0, start_s)
        self._go(trajectory, home, start_s, seed)

    def _carry(self, trajectory: Trajectory, release: FloatArray, start_s: float, seed: FloatArray) -> float:
        """Lift, cross over while still rising, sink while still crossing; return when the thing may be let go."""
        lifted_s = self._go(trajectory, _at_height(trajectory.end, _CARRY_M), start_s, seed)
        crossed_s = self._go(trajectory, _at_height(release, _CARRY_M), start_s + 0.5 * (lifted_s - start_s), seed)
        sink_s = self._duration(trajectory.end, release, seed)
        trajectory.move_to(
            release, max(lifted_s, crossed_s - 0.7 * sink_s), max(lifted_s, crossed_s - 0.7 * sink_s) + sink_s
        )
        return trajectory.end_s + _SETTLE_S

    def _raise(self, trajectory: Trajectory, goal: FloatArray, start_s: float, seed: FloatArray) -> float:
        """Rise first where the fingers are low; return when moving sideways may begin."""
        end = trajectory.end
        if end[2] >= min(_HOVER_M, _CARRY_M) - 1e-3 or np.hypot(*(goal - end)[:2]) < 0.03:
            return start_s
        risen_s = self._go(trajectory, _at_height(end, _CARRY_M), start_s, seed)
        return start_s + 0.5 * (risen_s - start_s)

    def _place(self, thing: Thing, grasp: FloatArray, box: Sighting) -> FloatArray:
        along = _PLACES_M[thing.name]
        x, y = box.x_m + along * np.cos(box.yaw_rad), box.y_m + along * np.sin(box.yaw_rad)
        return np.array([x, y, _RELEASE_M, grasp[3], 0.0, 0.0])

    def _go(self, trajectory: Trajectory, goal: FloatArray, start_s: float, seed: FloatArray) -> float:
        """Add one move unless it is there already; return when it ends."""
        end = trajectory.end
        if np.abs(goal - end).max() < 1e-6:
            return start_s
        end_s = start_s + self._duration(end, goal, seed)
        trajectory.move_to(goal, start_s, end_s)
        return end_s

    def _duration(self, start: FloatArray, goal: FloatArray, seed: FloatArray) -> float:
        there = self._kinematics.solve(tool_vector.to_matrix(start), seed)
        joints = self._kinematics.solve(tool_vector.to_matrix(goal), there) - there
        turns = np.abs(joints[self._arm])
        return max(
            _SHORTEST_S,
            float((_PEAK_VELOCITY * turns / self._velocity).max()),
            float(np.sqrt(_PEAK_ACCELERATION * turns / self._acceleration).max()),
            float(np.cbrt(_PEAK_JERK * turns / self._jerk).max()),
            _PEAK_VELOCITY * float(np.linalg.norm((goal - start)[:3])) / _MAX_SPEED_M_S,
        )


def _at_height(vector: FloatArray, height_m: float) -> FloatArray:
    raised = vector.copy()
    raised[2] = height_m
    return raised
