"""What the baseline knows of the task beforehand: the colour and nominal size of each thing. Never where it is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ros_wam.types import FloatArray


@dataclass(frozen=True)
class Colour:
    """A range of OpenCV's HSV: hue 0–180 within `hue_width` of `hue`, saturation and value 0–255."""

    hue: int
    hue_width: int
    saturation: tuple[int, int]
    value: tuple[int, int]


@dataclass(frozen=True)
class Thing:
    """An upright prism standing on something: its footprint [m] is a rectangle, or a circle where `round`.

    `size_m`: along its own x, along its own y, height. `floor_m`: how far above the table it stands.
    """

    name: str
    colour: Colour
    size_m: tuple[float, float, float]
    round: bool = False
    floor_m: float = 0.0

    @property
    def height_m(self) -> float:
        """From what it stands on to its top."""
        return self.size_m[2]

    @property
    def middle_m(self) -> float:
        """Height of its middle above the table."""
        return self.floor_m + self.height_m / 2

    @property
    def grasp_width_m(self) -> float:
        """What lies between the fingers: the shorter side."""
        return min(self.size_m[:2])

    @property
    def yaw_period_rad(self) -> float:
        """Turning it by this changes nothing; 0 where no turn does."""
        if self.round:
            return 0.0
        return np.pi / 2 if self.size_m[0] == self.size_m[1] else np.pi

    @cached_property
    def corners(self) -> FloatArray:
        """`(k, 3)`: the prism's corners about the point of the table below its middle [m]; a circle has 24."""
        if self.round:
            angle = np.arange(24) * (2 * np.pi / 24)
            radius = self.size_m[0] / 2 / np.cos(np.pi / 48)  # neither inside nor outside of the circle
            base = radius * np.column_stack([np.cos(angle), np.sin(angle)])
        else:
            base = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * np.array(self.size_m[:2]) / 2
        levels = [np.column_stack([base, np.full(len(base), z)]) for z in (self.floor_m, self.floor_m + self.height_m)]
        return np.concatenate(levels)


CLUTTER = (
    Thing("cube", Colour(0, 10, (165, 255), (30, 255)), (0.040, 0.040, 0.040)),
    Thing("cylinder", Colour(67, 17, (110, 255), (30, 255)), (0.042, 0.042, 0.052), round=True),
    Thing("bar", Colour(115, 15, (110, 255), (30, 255)), (0.090, 0.030, 0.032)),
)
BOX = Thing("box", Colour(0, 90, (0, 45), (95, 255)), (0.272, 0.212, 0.070))
