"""Buttons without physics: drawn caps, a robot that does as it is told, unless something is in its way."""

import numpy as np
from numpy.typing import NDArray
from toy_tabletop import TABLE_RGB, VIEWS, camera, fill

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies.buttons import BUTTONS, TOP_M
from ros_wam.types import FloatArray

PLACES = {"pink": np.array([-0.40, -0.15]), "blue": np.array([-0.55, -0.20]), "green": np.array([-0.48, 0.03])}
COLOURS_RGB = {"pink": (237, 76, 147), "blue": (26, 64, 219), "green": (20, 153, 56)}
TIP_M = 0.012
_NEAR_M = 0.012


class ToyButtons:
    """Moves instantly to what it is sent; `pressed` tells which buttons it pressed, in their order.

    While `blocked_m` is set the tool comes no lower than that.
    """

    def __init__(self, embodiment: Embodiment, places: dict[str, FloatArray]) -> None:
        self.kinematics = Kinematics(embodiment)
        self.joints = embodiment.home_position.copy()
        self.places = places
        self.pressed: list[str] = []
        self.blocked_m: float | None = None
        self._down: str | None = None

    def images(self) -> dict[str, NDArray[np.uint8]]:
        """Return what both cameras see."""
        T_base_tool = self.kinematics.tool_pose(self.joints)
        return {view: self._draw(view, T_base_tool) for view in VIEWS}

    def follow(self, row: FloatArray) -> None:
        """Go to `row` `(7,)`."""
        pose = self.kinematics.tool_pose(row)
        if self.blocked_m is not None and pose[2, 3] < self.blocked_m:
            pose[2, 3] = self.blocked_m
            row = self.kinematics.solve(pose, row)
        self.joints = row.copy()
        depth_m = TOP_M - (pose[2, 3] - TIP_M)
        if depth_m < 0.003:
            self._down = None
        elif depth_m > 0.006 and self._down is None:
            self._down = next(name for name, at in self.places.items() if np.hypot(*(pose[:2, 3] - at)) < _NEAR_M)
            self.pressed.append(self._down)

    def _draw(self, view: str, T_base_tool: FloatArray) -> NDArray[np.uint8]:
        placed = camera(view, T_base_tool)
        image = np.full((placed.calibration.height, placed.calibration.width, 3), TABLE_RGB, np.uint8)
        for name, at in self.places.items():
            fill(image, placed, BUTTONS[name], np.append(at, 0.0), 0.0, COLOURS_RGB[name])
        return image
