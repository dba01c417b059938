"""Bowls without physics: drawn, between two arms that do as they are told, in fingers that hold the rim they meet."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.calibration import load_view
from ros_wam.embodiment import load_embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.policies.bowls import LARGEST, SMALLER, WALL_M, Bowl
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.silhouette import silhouette
from ros_wam.types import FloatArray

ROOT = Path(__file__).resolve().parents[1]
ALOHA = load_embodiment(ROOT / "robots" / "aloha.yaml")
VIEWS = {view: load_view(ROOT / "calib" / "aloha" / "sim", view) for view in ALOHA.views}
PLACES = {
    "large bowl": np.array([-0.33, 0.01]),
    "medium bowl": np.array([-0.30, -0.20]),
    "small bowl": np.array([-0.38, 0.22]),
}
_COLOURS_RGB = {"large bowl": (26, 64, 219), "medium bowl": (20, 153, 56), "small bowl": (217, 26, 23)}
_TABLE_RGB = (147, 117, 90)
_GRIPPERS = {arm: ALOHA.joint_names.index(f"{arm}_gripper") for arm in ALOHA.arms}
_FINER = 5
_GRASPED_M = 0.010  # the fingers are open 20 mm to either side
_NESTED_M = 0.008


def draw(camera: PlacedCamera, places: dict[str, FloatArray], heights_m: dict[str, float]) -> NDArray[np.uint8]:
    """Return the RGB picture of upright bowls at `(2,)` x, y [m], standing on the table or at `heights_m`."""
    image = np.full((camera.calibration.height, camera.calibration.width, 3), _TABLE_RGB, np.uint8)
    for bowl in (LARGEST, *SMALLER):
        if bowl.name in places:
            pose = np.append(places[bowl.name], 0.0)
            corners = silhouette(pose, bowl, camera, heights_m.get(bowl.name, 0.0))
            if corners is not None:
                _fill(image, corners, _COLOURS_RGB[bowl.name])
    return image


class ToyBowls:
    """Moves instantly to what it is sent. A bowl whose rim is between closed fingers goes with them."""

    def __init__(self, places: dict[str, FloatArray]) -> None:
        self.kinematics = Kinematics(ALOHA)
        self.joints = ALOHA.home_position.copy()
        self.places = {name: place.copy() for name, place in places.items()}
        self.heights_m = dict.fromkeys(places, 0.0)
        self.slippery = 0
        """So many grasps fail."""
        self.moved_by: dict[str, str] = {}
        """The arm that moved a bowl last."""
        self._held: dict[str, tuple[Bowl, FloatArray] | None] = dict.fromkeys(ALOHA.arms)

    def images(self) -> dict[str, NDArray[np.uint8]]:
        """Return what the cameras see."""
        return {view: draw(self.camera(view), self.places, self.heights_m) for view in VIEWS}

    def follow(self, row: FloatArray) -> None:
        """Go to `row` `(14,)`."""
        closing = {arm: row[column] < 0.1 <= self.joints[column] for arm, column in _GRIPPERS.items()}
        self.joints = row.copy()
        for arm, column in _GRIPPERS.items():
            tool = self.kinematics.tool_pose(row, arm)[:3, 3]
            if closing[arm]:
                self._held[arm] = self._grasped(tool)
            elif row[column] > 0.1:
                self._held[arm] = None
            held = self._held[arm]
            if held is not None:
                bowl, offset = held
                self.places[bowl.name] = tool[:2] + offset[:2]
                self.heights_m[bowl.name] = float(tool[2] + offset[2])
                self.moved_by[bowl.name] = arm
                self.joints[column] = WALL_M / ALOHA.grippers[f"{arm}_gripper"].stroke_m

    def nested(self) -> set[str]:
        """Return the names of the bowls that have been let go in the largest."""
        held = {item[0].name for item in self._held.values() if item is not None}
        middle = self.places[LARGEST.name]
        inside = {
            bowl.name
            for bowl in SMALLER
            if bowl.name in self.places and np.linalg.norm(self.places[bowl.name] - middle) < _NESTED_M
        }
        return inside - held

    def camera(self, view: str) -> PlacedCamera:
        """Return the camera of a view, placed where its arm is now."""
        frame = VIEWS[view].frame
        arm = next((name for name, arm in ALOHA.arms.items() if arm.tool_site == frame), None)
        return PlacedCamera(VIEWS[view], np.eye(4) if arm is None else self.kinematics.tool_pose(self.joints, arm))

    def _grasped(self, tool: FloatArray) -> tuple[Bowl, FloatArray] | None:
        for bowl in SMALLER:
            if bowl.name in self.places:
                middle = np.append(self.places[bowl.name], self.heights_m[bowl.name])
                from_rim = np.linalg.norm(tool[:2] - middle[:2]) - bowl.rim_m
                if abs(from_rim) < _GRASPED_M and tool[2] < bowl.height_m + 0.015:
                    self.slippery -= 1
                    return (bowl, middle - tool) if self.slippery < 0 else None
        return None


def _fill(image: NDArray[np.uint8], corners: FloatArray, colour: tuple[int, int, int]) -> None:
    """Colour the pixels whose centres are inside: OpenCV alone would colour every pixel that is touched."""
    fine = np.zeros((image.shape[0] * _FINER, image.shape[1] * _FINER), np.uint8)
    cv2.fillConvexPoly(fine, ((corners + 0.5) * _FINER - 0.5).round().astype(np.int32), 1)
    image[fine[_FINER // 2 :: _FINER, _FINER // 2 :: _FINER] > 0] = colour
