"""Where a prism stands, from its outline in one picture: the pose whose projected silhouette fits the outline.

A ray through the middle of a patch of colour errs by millimetres and says nothing about yaw, since top and sides are
one patch. The silhouette of a convex thing is the hull of its projected corners; fitting it accounts for both.
"""

import math
from dataclasses import dataclass

import numpy as np

from ros_wam.policies.projection import PlacedCamera
from ros_wam.policies.things import Thing
from ros_wam.policies.vision import Blob, area, convex_hull
from ros_wam.types import FloatArray

_ITERATIONS = 8
_YAW_SPACING_RAD = np.pi / 8  # of the yaws that are tried first
_HUBER_PX = 0.7
_STEP = np.array([1e-4, 1e-4, 1e-3])  # of the numerical derivative [m, m, rad]
_SETTLED = np.array([2e-4, 2e-4, 3e-3])
_MAX_STEP = np.array([0.02, 0.02, 0.35])
_MAX_POINTS = 60
_OUTWARDS = np.array([1.0, -1.0])  # times y, x of an edge of a hull that turns from x towards y


@dataclass(frozen=True)
class Fit:
    """Where a thing stands: middle of its footprint in the base frame, yaw within half its period; how well it fits.

    `rms_px`: outline to silhouette. `coverage`: the patch's area over the silhouette's; 1 when all of it is seen.
    """

    x_m: float
    y_m: float
    yaw_rad: float
    rms_px: float
    coverage: float


def fit_silhouette(blob: Blob, thing: Thing, camera: PlacedCamera, guess: FloatArray | None = None) -> Fit | None:
    """Return the best fit near `guess` `(3,)` x, y [m], yaw [rad]; None when the camera cannot see such a thing there.

    Without a guess the search begins where the ray through the patch is at half the thing's height, at its best yaw.
    The thing stands upright, `floor_m` above z = 0.
    """
    step = -(-len(blob.outline) // _MAX_POINTS)
    outline = camera.undistorted(blob.outline[::step])
    if guess is None:
        guess = _first_guess(outline, blob, thing, camera)
    return None if guess is None else _fit_from(guess, outline, blob, thing, camera)


def _first_guess(outline: FloatArray, blob: Blob, thing: Thing, camera: PlacedCamera) -> FloatArray | None:
    middle = camera.on_plane(camera.undistorted(blob.centre.reshape(1, 2)), thing.middle_m)[0]
    count = 1 if thing.round else round(thing.yaw_period_rad / _YAW_SPACING_RAD)
    best: tuple[float, FloatArray] | None = None
    for k in range(count):
        pose = np.array([*middle, k * thing.yaw_period_rad / count])
        residual = _residual(pose, outline, thing, camera)
        misfit = np.inf if residual is None else float(np.abs(residual).sum())
        if np.isfinite(misfit) and (best is None or misfit < best[0]):
            best = (misfit, pose)
    return None if best is None else best[1]


def silhouette(pose: FloatArray, thing: Thing, camera: PlacedCamera, floor_m: float = 0.0) -> FloatArray | None:
    """Return the corners `(k, 2)` [px] of the silhouette at `pose` `(3,)`; None unless it is before the camera."""
    x, y, yaw = pose.tolist()
    cos, sin = math.cos(yaw), math.sin(yaw)
    turned = thing.corners @ np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    pixels = camera.project(turned + np.array([x, y, floor_m]))
    return convex_hull(pixels) if np.isfinite(pixels).all() else None


def _fit_from(guess: FloatArray, outline: FloatArray, blob: Blob, thing: Thing, camera: PlacedCamera) -> Fit | None:
    """Gauss-Newton with Huber weights on the outline's distances to the silhouette."""
    free = [0, 1] if thing.round else [0, 1, 2]
    pose, damping = guess.astype(np.float64), 1e-3
    residual = _residual(pose, outline, thing, camera)
    if residual is None:
        return None
    for _ in range(_ITERATIONS):
        columns = []
        for axis in free:
            moved = pose.copy()
            moved[axis] += _STEP[axis]
            ahead = _residual(moved, outline, thing, camera)
            if ahead is None:
                return None
            columns.append((ahead - residual) / _STEP[axis])
        jacobian = np.array(columns).T
        weights = np.minimum(1.0, _HUBER_PX / np.maximum(np.abs(residual), 1e-9))
        normal = jacobian.T @ (jacobian * weights[:, np.newaxis])
        change = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), -jacobian.T @ (weights * residual))
        change = change.clip(-_MAX_STEP[free], _MAX_STEP[free])
        pose[free] += change
        moved_residual = _residual(pose, outline, thing, camera)
        if moved_residual is None:
            return None
        residual = moved_residual
        if (np.abs(change) < _SETTLED[free]).all():
            break
    return _as_fit(pose, residual, blob, thing, camera)


def _as_fit(pose: FloatArray, residual: FloatArray, blob: Blob, thing: Thing, camera: PlacedCamera) -> Fit | None:
    corners = silhouette(pose, thing, camera)
    if corners is None:
        return None
    period = thing.yaw_period_rad
    yaw = float((pose[2] + period / 2) % period - period / 2) if period else 0.0
    rms = float(np.sqrt(np.mean(residual**2)))
    return Fit(float(pose[0]), float(pose[1]), yaw, rms, blob.area_px / max(area(corners), 1.0))


def _residual(pose: FloatArray, outline: FloatArray, thing: Thing, camera: PlacedCamera) -> FloatArray | None:
    """`(m,)`: signed distance of the outline from the silhouette, positive outside [px]."""
    corners = silhouette(pose, thing, camera)
    if corners is None or len(corners) < 3:
        return None
    edges = np.concatenate((corners[1:], corners[:1])) - corners
    lengths = np.sqrt((edges * edges).sum(axis=1))
    keep = lengths > 1e-6
    corners, edges, lengths = corners[keep], edges[keep], lengths[keep]
    normals = edges[:, ::-1] * _OUTWARDS / lengths[:, np.newaxis]
    distances = normals @ outline.T - (corners * normals).sum(axis=1)[:, np.newaxis]
    nearest: FloatArray = distances.max(axis=0) + 0.5  # an outline through pixel centres is half a pixel inside
    return nearest
