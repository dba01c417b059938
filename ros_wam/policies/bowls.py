"""What the baseline knows of bowls beforehand: the colour, shape and size of each. Never where it is."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ros_wam.policies.things import Colour, Thing
from ros_wam.types import FloatArray

WALL_M = 0.004
WALL_TILT_RAD = math.radians(7.0)
"""How far the wall leans outwards below the rim."""
_BEND_BELOW_RIM_M, _BEND_INWARDS_M = 0.024, 0.003  # where the nearly upright part of the wall ends
_HALF_WALL_M = 0.0027  # half the wall, and how much wider a polygon of 16 sides is than the circle in it
_ANGLES = np.arange(24) * (2 * np.pi / 24)
_WIDER = 1.0 / math.cos(np.pi / 48)  # neither inside nor outside of the circle


@dataclass(frozen=True)
class Bowl(Thing):
    """A round bowl on a foot: radius of its foot and of its rim, to the middle of the wall [m]."""

    foot_m: float = 0.0
    rim_m: float = 0.0

    @cached_property
    def corners(self) -> FloatArray:
        """`(72, 3)`: circles at the foot, at the bend of the wall and at the rim, about the middle of its underside."""
        rings = (
            (self.foot_m, 0.0),
            (self.rim_m - _BEND_INWARDS_M + _HALF_WALL_M, self.height_m - _BEND_BELOW_RIM_M),
            (self.rim_m + _HALF_WALL_M, self.height_m),
        )
        circle = _WIDER * np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)])
        return np.concatenate([np.column_stack([radius * circle, np.full(len(circle), z)]) for radius, z in rings])


def _bowl(name: str, colour: Colour, foot_m: float, rim_m: float, height_m: float) -> Bowl:
    size_m = (2 * rim_m, 2 * rim_m, height_m)
    return Bowl(name, colour, size_m, round=True, foot_m=foot_m, rim_m=rim_m)


LARGEST = _bowl("large bowl", Colour(115, 15, (110, 255), (30, 255)), 0.042, 0.075, 0.050)
SMALLER = (
    _bowl("medium bowl", Colour(67, 17, (110, 255), (30, 255)), 0.034, 0.061, 0.053),
    _bowl("small bowl", Colour(0, 10, (165, 255), (30, 255)), 0.027, 0.048, 0.056),
)
"""In the order in which they go into the largest."""
