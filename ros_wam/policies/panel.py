"""Where the panel of a light switch stands, where its green half is, and whether its lamp is lit: by colour and size.

All in the base frame; the table is z = 0. The global view sees the panel's back, the wrist view its front.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.silhouette import fit_silhouette
from ros_wam.policies.things import Colour, Thing
from ros_wam.policies.vision import Blob, area, blobs, convex_hull, hsv_of
from ros_wam.types import FloatArray

BOARD = Thing("board", Colour(112, 14, (120, 255), (40, 255)), (0.020, 0.180, 0.300))
GREEN_M = (0.036, 0.024)
"""Width and height of the half that is to be pressed."""
_GREEN = Colour(68, 17, (120, 255), (30, 255))
_LIT = Colour(25, 7, (170, 255), (150, 255))
_LAMP_PX = 120.0  # from 0.25 m it has 190
_MAX_RMS_PX, _COVERAGE = 1.5, (0.85, 1.15)
_SEEN_SHARE = 0.5  # of the area that it should have
_WIDTH_ERROR = 0.03  # of a distance that is told from a width of some 40 px


@dataclass(frozen=True, eq=False)
class Panel:
    """Middle of its front at the table, and the way out of the front: `(2,)` each [m]."""

    front_m: FloatArray
    normal: FloatArray

    def at(self, point_m: FloatArray, proud_m: float) -> "Panel":
        """Return the panel moved along its normal so that `point_m` `(3,)` is that far before its front."""
        away = float(self.normal @ (point_m[:2] - self.front_m)) - proud_m
        return Panel(self.front_m + away * self.normal, self.normal)

    def before(self, point_m: FloatArray, distance_m: float) -> FloatArray:
        """Return `point_m` `(3,)` moved along the normal to that distance from the front."""
        away = distance_m - float(self.normal @ (point_m[:2] - self.front_m))
        return point_m + away * np.append(self.normal, 0.0)


@dataclass(frozen=True, eq=False)
class Green:
    """Middle of the green half `(3,)` [m], and whether all of it was seen."""

    middle_m: FloatArray
    whole: bool


def find_panel(image: NDArray[np.uint8], camera: PlacedCamera) -> Panel | None:
    """Return the panel in an RGB picture that shows all of it; its front is the side that faces the robot."""
    blob = next(iter(blobs(hsv_of(image), BOARD.colour)), None)
    fit = None if blob is None or blob.touches_edge else fit_silhouette(blob, BOARD, camera)
    if fit is None or fit.rms_px > _MAX_RMS_PX or not _COVERAGE[0] <= fit.coverage <= _COVERAGE[1]:
        return None
    middle, normal = np.array([fit.x_m, fit.y_m]), np.array([np.cos(fit.yaw_rad), np.sin(fit.yaw_rad)])
    normal = normal if normal @ middle < 0.0 else -normal
    return Panel(middle + BOARD.size_m[0] / 2 * normal, normal)


def find_green(image: NDArray[np.uint8], camera: PlacedCamera, panel: Panel, proud_m: float) -> Green | None:
    """Return the green half in an RGB picture, its middle `proud_m` before the front of the panel as it is known.

    Where the half is so wide in the picture that the panel must be nearer or farther, its middle is there.
    """
    blob = next(iter(blobs(hsv_of(image), _GREEN)), None)
    ray = None if blob is None else _ray(camera, blob)
    share = None if ray is None else _along(camera, ray, panel, proud_m)
    if blob is None or ray is None or share is None:
        return None
    due_px = GREEN_M[0] * GREEN_M[1] * camera.calibration.fx * camera.calibration.fy / share**2
    whole = blob.area_px > _SEEN_SHARE * due_px and not blob.touches_edge
    if whole:
        hull = convex_hull(blob.outline)  # the fingers may hide some of its lower edge
        width_px = area(hull) / float(np.ptp(hull[:, 1])) + 1.0  # the camera is level: its sides are upright
        wide = camera.calibration.fx * GREEN_M[0] / width_px
        share = share if abs(wide - share) < _WIDTH_ERROR * share else wide
    return Green(camera.position_m + ray * share, whole)


def sees_light(image: NDArray[np.uint8]) -> bool:
    """Return whether a lit lamp is in an RGB picture taken from near."""
    return any(blob.area_px > _LAMP_PX for blob in blobs(hsv_of(image), _LIT))


def _ray(camera: PlacedCamera, blob: Blob) -> FloatArray:
    """Return the way `(3,)` through the middle of a patch, as long as one metre of depth is."""
    c = camera.calibration
    u, v = camera.undistorted(blob.centre.reshape(1, 2))[0]
    return np.asarray(camera.T_base_camera[:3, :3] @ np.array([(u - c.cx) / c.fx, (v - c.cy) / c.fy, 1.0]))


def _along(camera: PlacedCamera, ray: FloatArray, panel: Panel, proud_m: float) -> float | None:
    """Return how far along `ray` the plane before the panel is; None where the ray goes away from it."""
    towards = -float(panel.normal @ ray[:2])
    distance_m = float(panel.normal @ (camera.position_m[:2] - panel.front_m)) - proud_m
    return distance_m / towards if towards > 1e-6 and distance_m > 0.0 else None
