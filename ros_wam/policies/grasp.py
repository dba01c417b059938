"""Where to take hold of a thing, and how to tell from the fingers' width whether it is in the hand."""

from collections.abc import Mapping

import numpy as np

from ros_wam.policies.scene_memory import Sighting
from ros_wam.policies.things import CLUTTER, Thing
from ros_wam.types import FloatArray

_CLEARANCE_M = 0.030  # the fingers open this much wider than the thing
_FINGER_M = 0.012  # thickness of a finger along the closing direction, and its half width with a margin
_LOWEST_M = 0.020  # the pads reach 12 mm below the tool site: this leaves 8 mm to the table
_HIGHEST_M = 0.028
_TURN_LIMIT_RAD = 2.1  # from home: keeps the last joint far from its ends
_COLLISION_COST_RAD = 3.0
_FREE_TURNS = np.array([0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5])  # for what is round [rad]


def grasp_vectors(
    thing: Thing, seen: Sighting, others: Mapping[str, Sighting], yaw_now: float, yaw_home: float, stroke_m: float
) -> list[FloatArray]:
    """Return the tool vectors `(6,)` that hold `thing` across its shorter side: clear of `others`, least turn first."""
    height = float(np.clip(thing.height_m / 2, _LOWEST_M, _HIGHEST_M))
    reach = opening_for(thing, stroke_m) * stroke_m / 2 + _FINGER_M / 2

    def cost(yaw: float) -> float:
        fingers = [
            np.array([seen.x_m, seen.y_m]) + side * reach * np.array([np.cos(yaw), np.sin(yaw)]) for side in (-1, 1)
        ]
        blocked = any(_is_near(finger, name, other) for name, other in others.items() for finger in fingers)
        return abs(yaw - yaw_now) + _COLLISION_COST_RAD * blocked

    yaws = sorted(_yaws(thing, seen.yaw_rad, yaw_now, yaw_home), key=cost)
    return [np.array([seen.x_m, seen.y_m, height, yaw, 0.0, 0.0]) for yaw in yaws]


def opening_for(thing: Thing, stroke_m: float) -> float:
    """Return how far to open for it, 0–1."""
    return min(1.0, (thing.grasp_width_m + _CLEARANCE_M) / stroke_m)


def is_held(thing: Thing, opening: float, stroke_m: float) -> bool:
    """Return whether fingers that were told to close and stand at `opening` 0–1 have it between them."""
    return 0.6 * thing.grasp_width_m < opening * stroke_m < thing.grasp_width_m + 0.4 * _CLEARANCE_M


def _yaws(thing: Thing, thing_yaw: float, yaw_now: float, yaw_home: float) -> list[float]:
    across = thing_yaw + (np.pi / 2 if thing.size_m[1] < thing.size_m[0] else 0.0)
    turns = _FREE_TURNS if thing.round else np.arange(-4, 5) * thing.yaw_period_rad
    yaws = turns + (yaw_now if thing.round else across)
    allowed = [float(yaw) for yaw in yaws if abs(yaw - yaw_home) <= _TURN_LIMIT_RAD]
    return allowed or [yaw_home]


def _is_near(finger: FloatArray, name: str, other: Sighting) -> bool:
    thing = next(item for item in CLUTTER if item.name == name)
    cos, sin = np.cos(other.yaw_rad), np.sin(other.yaw_rad)
    dx, dy = finger - [other.x_m, other.y_m]
    along, across = abs(cos * dx + sin * dy), abs(cos * dy - sin * dx)
    return bool(along < thing.size_m[0] / 2 + _FINGER_M and across < thing.size_m[1] / 2 + _FINGER_M)
