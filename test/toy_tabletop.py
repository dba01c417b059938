"""A tabletop without physics: drawn things, a robot that does as it is told, fingers that hold what they meet."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.calibration import load_view
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.silhouette import silhouette
from ros_wam.policies.things import BOX, CLUTTER, Thing
from ros_wam.types import FloatArray

ROOT = Path(__file__).resolve().parents[1]
CALIBRATION = ROOT / "calib" / "ur5" / "sim"
VIEWS = {view: load_view(CALIBRATION, view) for view in ("wrist", "global")}
TABLE_RGB = (147, 117, 90)
COLOURS_RGB = {"cube": (217, 26, 23), "cylinder": (20, 153, 56), "bar": (26, 64, 219), "box": (240, 240, 236)}
STROKE_M = 0.085
_FINER = 5
BOX_POSE = np.array([-0.46, 0.255, 0.0])
POSES = {
    "cube": np.array([-0.50, 0.02, 0.3]),
    "cylinder": np.array([-0.42, -0.10, 0.0]),
    "bar": np.array([-0.55, -0.15, -0.8]),
}


def ur5() -> Embodiment:
    """Return the embodiment of the simulated station."""
    return load_embodiment(ROOT / "robots" / "ur5.yaml")


def camera(view: str, T_base_tool: FloatArray) -> PlacedCamera:
    """Return a view's camera with the tool at `T_base_tool`."""
    return PlacedCamera(VIEWS[view], np.eye(4) if view == "global" else T_base_tool)


def draw(placed: PlacedCamera, things: dict[str, FloatArray], floors_m: dict[str, float]) -> NDArray[np.uint8]:
    """Return the RGB picture of upright `things` at `(3,)` x, y [m], yaw [rad]; the box hides none."""
    image = np.full((placed.calibration.height, placed.calibration.width, 3), TABLE_RGB, np.uint8)
    for thing in (BOX, *CLUTTER):
        if thing.name in things:
            fill(image, placed, thing, things[thing.name], floors_m.get(thing.name, 0.0), COLOURS_RGB[thing.name])
    return image


class ToyTabletop:
    """Moves instantly to what it is sent. `poses` `(3,)` by name; a thing between closed fingers goes with the tool."""

    def __init__(self, embodiment: Embodiment, poses: dict[str, FloatArray]) -> None:
        self.kinematics = Kinematics(embodiment)
        self.joints = embodiment.home_position.copy()
        self.poses = {name: pose.copy() for name, pose in poses.items()}
        self.held: str | None = None
        self.slippery = 0

    def images(self) -> dict[str, NDArray[np.uint8]]:
        """Return what both cameras see."""
        T_base_tool = self.kinematics.tool_pose(self.joints)
        floors = {} if self.held is None else {self.held: float(T_base_tool[2, 3]) - 0.02}
        seen = {"box": BOX_POSE, **self.poses}
        return {view: draw(camera(view, T_base_tool), seen, floors) for view in VIEWS}

    def follow(self, row: FloatArray) -> None:
        """Go to `row` `(7,)`."""
        self.joints = row.copy()
        tool = self.kinematics.tool_pose(row)[:3, 3]
        if self.held is None:
            self.held = self._between_fingers(tool) if row[-1] < 0.1 else None
        elif row[-1] > 0.6:
            self.held = None
        if self.held is not None:
            self.poses[self.held][:2] = tool[:2]
            self.joints[-1] = next(t for t in CLUTTER if t.name == self.held).grasp_width_m / STROKE_M

    def in_box(self) -> set[str]:
        """Return the names of what has been let go inside of the box."""
        half = np.array(BOX.size_m[:2]) / 2
        inside = {name for name, pose in self.poses.items() if (np.abs(pose[:2] - BOX_POSE[:2]) < half).all()}
        return inside - {self.held}

    def _between_fingers(self, tool: FloatArray) -> str | None:
        for name, pose in self.poses.items():
            if np.hypot(*(pose[:2] - tool[:2])) < 0.006 and tool[2] < 0.035:
                self.slippery -= 1
                return name if self.slippery < 0 else None
        return None


def fill(
    image: NDArray[np.uint8],
    placed: PlacedCamera,
    thing: Thing,
    pose: FloatArray,
    floor_m: float,
    rgb: tuple[int, int, int],
) -> None:
    """Colour the pixels whose centres are inside: OpenCV alone would colour every pixel that is touched."""
    corners = silhouette(pose, thing, placed, floor_m)
    if corners is None:
        return
    fine = np.zeros((image.shape[0] * _FINER, image.shape[1] * _FINER), np.uint8)
    cv2.fillConvexPoly(fine, ((corners + 0.5) * _FINER - 0.5).round().astype(np.int32), 1)
    image[fine[_FINER // 2 :: _FINER, _FINER // 2 :: _FINER] > 0] = rgb
