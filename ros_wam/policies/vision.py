"""Colour segmentation: where in a picture something of a thing's colour is."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.policies.things import Colour
from ros_wam.types import FloatArray

_MIN_AREA_PX = 12.0


@dataclass(frozen=True, eq=False)
class Blob:
    """One connected patch of colour: its outline `(m, 2)` x, y [px] through the outermost pixels' centres."""

    outline: FloatArray
    area_px: float
    touches_edge: bool

    @property
    def centre(self) -> FloatArray:
        """`(2,)`: the middle of its convex hull [px]."""
        return centroid(convex_hull(self.outline))


def blobs(hsv: NDArray[np.uint8], colour: Colour, ignore: NDArray[np.bool_] | None = None) -> list[Blob]:
    """Return the patches of `colour` in an HxWx3 HSV image, largest first; `ignore` masks pixels that do not count."""
    mask = _mask(hsv, colour)
    if ignore is not None:
        mask[ignore] = 0
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    height, width = mask.shape
    found = [_blob(contour.reshape(-1, 2).astype(np.float64), width, height) for contour in contours]
    return sorted((b for b in found if b.area_px >= _MIN_AREA_PX), key=lambda blob: -blob.area_px)


def hsv_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an RGB image as HSV, hue 0–180."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), dtype=np.uint8)


def convex_hull(points: FloatArray) -> FloatArray:
    """Return the corners `(k, 2)` of the convex hull, turning from x towards y."""
    return np.asarray(cv2.convexHull(points.astype(np.float32)), dtype=np.float64).reshape(-1, 2)


def area(polygon: FloatArray) -> float:
    """Return the area of a polygon `(k, 2)`."""
    x, y = polygon.T
    return float(abs(np.dot(x[:-1], y[1:]) - np.dot(y[:-1], x[1:]) + x[-1] * y[0] - y[-1] * x[0]) / 2)


def centroid(polygon: FloatArray) -> FloatArray:
    """Return the centre of area `(2,)` of a polygon `(k, 2)`; of its corners where it has no area."""
    following = np.roll(polygon, -1, axis=0)
    cross = polygon[:, 0] * following[:, 1] - following[:, 0] * polygon[:, 1]
    if abs(cross.sum()) < 1e-9:
        return np.asarray(polygon.mean(axis=0))
    return np.asarray(((polygon + following) * cross[:, np.newaxis]).sum(axis=0) / (3 * cross.sum()))


def _mask(hsv: NDArray[np.uint8], colour: Colour) -> NDArray[np.uint8]:
    """255 where the pixel has the colour; a hue range may wrap around 180."""
    (low_s, high_s), (low_v, high_v) = colour.saturation, colour.value
    low, high = colour.hue - colour.hue_width, colour.hue + colour.hue_width
    ranges = [(low, high)] if low >= 0 else [(0, high), (180 + low, 180)]
    masks = [cv2.inRange(hsv, (a, low_s, low_v), (b, high_s, high_v)) for a, b in ranges]
    mask = masks[0] if len(masks) == 1 else cv2.bitwise_or(*masks)
    return np.asarray(mask, dtype=np.uint8)


def _blob(outline: FloatArray, width: int, height: int) -> Blob:
    inside = (outline > 0).all() and (outline < [width - 1, height - 1]).all()
    # The outline runs through pixel centres, half a pixel inside the patch.
    return Blob(outline, area(outline) + len(outline) / 2 + 1, not bool(inside))
