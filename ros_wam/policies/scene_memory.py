"""Where things were last seen, how surely, and which view to believe. All in the base frame; the table is z = 0."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.embodiment import Workspace
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.silhouette import Fit, fit_silhouette
from ros_wam.policies.things import BOX, CLUTTER, Thing
from ros_wam.policies.vision import blobs, hsv_of

_CALIBRATION_ERROR = 0.012  # of the distance: a camera that is 0.7 deg off
_FIT_ERROR_M = 0.001
_SKEW_S = 0.05  # a picture may be this much younger than the joint state it came with
_FORGETTING_M_S = 0.0005  # what nobody has seen for a while may have been moved
_MOVED_SIGMAS = 2.5
_MAX_RMS_PX, _COVERAGE = 0.8, (0.92, 1.10)
_MAX_BOX_RMS_PX, _BOX_COVERAGE = 2.5, (0.75, 1.15)
_GLIMPSE_COVERAGE, _GLIMPSE_ERROR_M = 0.3, 0.03
_BOX_MARGIN_M = 0.012


@dataclass(frozen=True)
class Sighting:
    """A thing stands at x, y [m], yaw [rad]; `error_m` is how far off that may be at `stamp_ns`."""

    x_m: float
    y_m: float
    yaw_rad: float
    error_m: float
    stamp_ns: int

    def error_at(self, now_ns: int) -> float:
        """How far off it may be by now [m]."""
        return self.error_m + max(0.0, (now_ns - self.stamp_ns) * 1e-9) * _FORGETTING_M_S


class SceneMemory:
    """The box, and the clutter that is outside of it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.box: Sighting | None = None
        self.clutter: dict[str, Sighting] = {}

    def look(
        self,
        image: NDArray[np.uint8],
        camera: PlacedCamera,
        now_ns: int,
        speed_m_s: float = 0.0,
        skip: Collection[str] = (),
        find_box: bool = False,
    ) -> None:
        """Take in one RGB picture, taken while the camera moved at `speed_m_s`; `skip` names what is in the hand."""
        hsv = hsv_of(image)
        if find_box:
            self._look_for_box(hsv, camera, now_ns)
        for thing in CLUTTER:
            if thing.name not in skip:
                self._look_for(thing, hsv, camera, now_ns, speed_m_s)

    def _look_for_box(self, hsv: NDArray[np.uint8], camera: PlacedCamera, now_ns: int) -> None:
        guess = None if self.box is None else np.array([self.box.x_m, self.box.y_m, self.box.yaw_rad])
        for blob in blobs(hsv, BOX.colour, self._beyond_reach(camera))[:2]:
            fit = fit_silhouette(blob, BOX, camera, guess)
            if fit is not None and fit.rms_px < _MAX_BOX_RMS_PX and _within(fit.coverage, _BOX_COVERAGE):
                self.box = sighting(fit, camera, now_ns, 0.0)
                return

    def _look_for(
        self, thing: Thing, hsv: NDArray[np.uint8], camera: PlacedCamera, now_ns: int, speed_m_s: float
    ) -> None:
        known = self.clutter.get(thing.name)
        seen = spot(thing, hsv, camera, now_ns, speed_m_s, known)
        if seen is not None and self._is_outside(seen):
            self.clutter[thing.name] = seen if known is None else better(known, seen, now_ns)

    def _is_outside(self, seen: Sighting) -> bool:
        """On the table, within reach and not in the box; what is nowhere on the table is not outside either."""
        low, high = self._workspace.min_m, self._workspace.max_m
        if not (low[0] < seen.x_m < high[0] and low[1] < seen.y_m < high[1]):
            return False
        if self.box is None:
            return True
        cos, sin = np.cos(self.box.yaw_rad), np.sin(self.box.yaw_rad)
        dx, dy = seen.x_m - self.box.x_m, seen.y_m - self.box.y_m
        along, across = abs(cos * dx + sin * dy), abs(cos * dy - sin * dx)
        return bool(along > BOX.size_m[0] / 2 + _BOX_MARGIN_M or across > BOX.size_m[1] / 2 + _BOX_MARGIN_M)

    def _beyond_reach(self, camera: PlacedCamera) -> NDArray[np.bool_]:
        """Mask the pixels that do not show the table within reach, half-way up the box."""
        low, high = np.array(self._workspace.min_m), np.array(self._workspace.max_m)
        corners = np.array([[x, y, BOX.height_m / 2] for x, y in _corners(low, high)])
        mask = np.zeros((camera.calibration.height, camera.calibration.width), np.uint8)
        pixels = camera.project(corners)
        if np.isfinite(pixels).all():
            cv2.fillConvexPoly(mask, pixels.round().astype(np.int32), 1)
        return np.asarray(mask == 0)


def _corners(low: NDArray[np.float64], high: NDArray[np.float64]) -> list[tuple[float, float]]:
    return [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def spot(
    thing: Thing,
    hsv: NDArray[np.uint8],
    camera: PlacedCamera,
    now_ns: int,
    speed_m_s: float = 0.0,
    known: Sighting | None = None,
) -> Sighting | None:
    """Return where the only thing of its kind is seen in an HSV image, None if it is not; `known` is where it was last.

    What is half hidden and not known yet is seen with a large error: good enough to go and look from near.
    """
    blob = next(iter(blobs(hsv, thing.colour)), None)
    if blob is None or blob.touches_edge:
        return None
    guess = None if known is None else np.array([known.x_m, known.y_m, known.yaw_rad])
    fit = fit_silhouette(blob, thing, camera, guess)
    if guess is not None and not fits(fit):
        fit = fit_silhouette(blob, thing, camera)
    if fit is None:
        return None
    if fits(fit):
        return sighting(fit, camera, now_ns, speed_m_s)
    if known is not None or fit.coverage < _GLIMPSE_COVERAGE:
        return None
    x, y = camera.on_plane(camera.undistorted(blob.centre.reshape(1, 2)), thing.middle_m)[0]
    return Sighting(float(x), float(y), 0.0, _GLIMPSE_ERROR_M, now_ns)


def fits(fit: Fit | None) -> bool:
    """Return whether a thing is seen whole, and looks as it should."""
    return fit is not None and fit.rms_px < _MAX_RMS_PX and _within(fit.coverage, _COVERAGE)


def sighting(fit: Fit, camera: PlacedCamera, now_ns: int, speed_m_s: float) -> Sighting:
    """Return where `fit` says that a thing is, seen by a camera that moves at `speed_m_s`, and how surely."""
    distance = float(np.linalg.norm(camera.position_m - [fit.x_m, fit.y_m, 0.0]))
    error_m = _FIT_ERROR_M + _CALIBRATION_ERROR * distance + _SKEW_S * speed_m_s
    return Sighting(fit.x_m, fit.y_m, fit.yaw_rad, error_m, now_ns)


def better(known: Sighting, seen: Sighting, now_ns: int) -> Sighting:
    """The surer of two sightings, unless they differ so much that the thing must have moved."""
    distance = float(np.hypot(known.x_m - seen.x_m, known.y_m - seen.y_m))
    if seen.error_m <= known.error_at(now_ns) or distance > _MOVED_SIGMAS * (known.error_at(now_ns) + seen.error_m):
        return seen
    return replace(known, stamp_ns=now_ns)
