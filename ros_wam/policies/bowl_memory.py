"""Where bowls were last seen standing on the table, and how surely. All in the base frame; the table is z = 0."""

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.policies.bowls import LARGEST, SMALLER
from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.scene_memory import Sighting, better, fits, sighting
from ros_wam.policies.silhouette import Fit, fit_silhouette, silhouette
from ros_wam.policies.things import Thing
from ros_wam.policies.vision import Blob, area, blobs, convex_hull, hsv_of
from ros_wam.types import FloatArray

_ON_HULL_PX = 1.0
_MIN_ARC_POINTS = 40


class BowlMemory:
    """The bowls that stand on the table, by name."""

    def __init__(self) -> None:
        self.bowls: dict[str, Sighting] = {}

    @property
    def target(self) -> Sighting | None:
        """Where the largest bowl stands."""
        return self.bowls.get(LARGEST.name)

    def look(
        self,
        image: NDArray[np.uint8],
        camera: PlacedCamera,
        now_ns: int,
        speed_m_s: float = 0.0,
        skip: Collection[str] = (),
    ) -> None:
        """Take in one RGB picture, taken while the camera moved at `speed_m_s`; `skip` names what is in the hand."""
        hsv = hsv_of(image)
        for bowl in (LARGEST, *SMALLER):
            if bowl.name in skip:
                continue
            known = self.bowls.get(bowl.name)
            seen = _find(bowl, hsv, camera, known, now_ns, speed_m_s)
            if seen is not None and not self._is_in_largest(bowl, seen):
                self.bowls[bowl.name] = seen if known is None else better(known, seen, now_ns)

    def _is_in_largest(self, bowl: Thing, seen: Sighting) -> bool:
        """A bowl that is stacked stands higher than it is taken to, and so seems to be a little off."""
        if bowl is LARGEST or self.target is None:
            return False
        return float(np.hypot(seen.x_m - self.target.x_m, seen.y_m - self.target.y_m)) < LARGEST.rim_m


def _find(
    bowl: Thing,
    hsv: NDArray[np.uint8],
    camera: PlacedCamera,
    known: Sighting | None,
    now_ns: int,
    speed_m_s: float,
) -> Sighting | None:
    """Return where a bowl is whose outline is seen as far as it is within the picture; near `known`, if that is so."""
    blob = next(iter(blobs(hsv, bowl.colour)), None)
    if blob is None:
        return None
    if not blob.touches_edge:
        fit = fit_silhouette(blob, bowl, camera)
    elif known is None:
        return None
    else:
        fit = _fit_cut(blob, bowl, camera, np.array([known.x_m, known.y_m, 0.0]))
    return sighting(fit, camera, now_ns, speed_m_s) if fit is not None and fits(fit) else None


def _fit_cut(blob: Blob, bowl: Thing, camera: PlacedCamera, guess: FloatArray) -> Fit | None:
    """Fit what the edge of the picture cuts off; `coverage` is of the part that is within."""
    c = camera.calibration
    hull = convex_hull(blob.outline)  # without the hole that a bowl in it makes
    inside = ((blob.outline > 1) & (blob.outline < [c.width - 2, c.height - 2])).all(axis=1)
    arc = blob.outline[inside & (_depth_px(blob.outline, hull) < _ON_HULL_PX)]
    if len(arc) < _MIN_ARC_POINTS:
        return None
    fit = fit_silhouette(Blob(arc, blob.area_px, touches_edge=False), bowl, camera, guess)
    corners = None if fit is None else silhouette(np.array([fit.x_m, fit.y_m, 0.0]), bowl, camera)
    if fit is None or corners is None:
        return None
    picture = np.array([[0, 0], [c.width, 0], [c.width, c.height], [0, c.height]], np.float32) - 0.5
    visible_px, _ = cv2.intersectConvexConvex(corners.astype(np.float32), picture)
    seen_px = area(hull) + len(blob.outline) / 2  # the outline runs through pixel centres
    return replace(fit, coverage=seen_px / max(visible_px, 1.0))


def _depth_px(points: FloatArray, hull: FloatArray) -> FloatArray:
    """`(m,)`: how far inside of a convex polygon points are."""
    corners = hull.astype(np.float32)
    return np.array([cv2.pointPolygonTest(corners, point, True) for point in points.tolist()])
