"""Where the panel of a light switch stands, where its green half is, and whether its lamp is lit: by colour and size.

All in the base frame; the table is z = 0. The global view sees the panel's back, the wrist view its front.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.silhouette import fit_silhouette
from ros_wam.policies.things import Colour, Thing
from ros_wam.policies.vision import Blob, blobs, hsv_of
from ros_wam.types import FloatArray

BOARD = Thing("board", Colour(112, 14, (120, 255), (40, 255)), (0.020, 0.180, 0.300))
GREEN_M = (0.036, 0.024)
"""Width and height of the half that is to be pressed."""
_GREEN = Colour(68, 17, (120, 255), (30, 255))
_LIT = Colour(26, 8, (170, 255), (150, 255))
_LAMP_M = 0.008  # radius
_MAX_RMS_PX, _COVERAGE = 1.5, (0.85, 1.15)
_SEEN_SHARE = 0.5  # of the area that it should have


@dataclass(frozen=True, eq=False)
class Panel:
    """Middle of its front at the table, and the way out of the front: `(2,)` each [m]."""

    front_m: FloatArray
    normal: FloatArray

    def before(self, point_m: FloatArray, distance_m: float) -> FloatArray:
        """Return `point_m` `(3,)` moved along the normal to that distance from the front."""
        away = distance_m - float(self.normal @ (point_m[:2] - self.front_m))
        return point_m + away * np.append(self.normal, 0.0)


def find_panel(image: NDArray[np.uint8], camera: PlacedCamera) -> Panel | None:
    """Return the panel in an RGB picture that shows all of it; its front is the side that faces the robot."""
    blob = next(iter(blobs(hsv_of(image), BOARD.colour)), None)
    fit = None if blob is None or blob.touches_edge else fit_silhouette(blob, BOARD, camera)
    if fit is None or fit.rms_px > _MAX_RMS_PX or not _COVERAGE[0] <= fit.coverage <= _COVERAGE[1]:
        return None
    middle, normal = np.array([fit.x_m, fit.y_m]), np.array([np.cos(fit.yaw_rad), np.sin(fit.yaw_rad)])
    normal = normal if normal @ middle < 0.0 else -normal
    return Panel(middle + BOARD.size_m[0] / 2 * normal, normal)


def find_green(
    image: NDArray[np.uint8], camera: PlacedCamera, panel: Panel, proud_m: float
) -> tuple[FloatArray, bool] | None:
    """Return the middle of the green half `(3,)` [m], `proud_m` before the panel's front, and whether all is seen."""
    blob = next(iter(blobs(hsv_of(image), _GREEN)), None)
    point = None if blob is None else _on_panel(camera, blob, panel, proud_m)
    if blob is None or point is None:
        return None
    whole = blob.area_px > _SEEN_SHARE * _area_px(camera, point, GREEN_M[0] * GREEN_M[1])
    return point, whole and not blob.touches_edge


def sees_light(image: NDArray[np.uint8], camera: PlacedCamera, panel: Panel) -> bool:
    """Return whether a lit lamp is in the picture."""
    blob = next(iter(blobs(hsv_of(image), _LIT)), None)
    point = None if blob is None else _on_panel(camera, blob, panel, 0.0)
    if blob is None or point is None:
        return False
    return blob.area_px > _SEEN_SHARE * _area_px(camera, point, np.pi * _LAMP_M**2)


def _on_panel(camera: PlacedCamera, blob: Blob, panel: Panel, proud_m: float) -> FloatArray | None:
    """Return where the ray through the middle of a patch meets the plane; None where it goes away from it."""
    c = camera.calibration
    u, v = camera.undistorted(blob.centre.reshape(1, 2))[0]
    ray = camera.T_base_camera[:3, :3] @ np.array([(u - c.cx) / c.fx, (v - c.cy) / c.fy, 1.0])
    towards = -float(panel.normal @ ray[:2])
    distance = float(panel.normal @ (camera.position_m[:2] - panel.front_m)) - proud_m
    if towards < 1e-6 or distance <= 0.0:
        return None
    return np.asarray(camera.position_m + ray * (distance / towards))


def _area_px(camera: PlacedCamera, point_m: FloatArray, area_m2: float) -> float:
    distance = float(np.linalg.norm(camera.position_m - point_m))
    return area_m2 * camera.calibration.fx * camera.calibration.fy / distance**2
