"""Poses and rotations against the columns that policies write them in: `PARTS` of `columns.py`, in radians."""

import mujoco
import numpy as np

from ros_wam.policy.columns import PARTS
from ros_wam.types import FloatArray

TRANSLATION = "xyz"
ANGLES = ("rpy", "rotvec")
_XYZW = [1, 2, 3, 0]  # from w first to w last
_SIX = {"rot6d": [0, 1, 2], "rot6d_rows": [0, 1, 2], "rot6d_interleaved": [0, 2, 4]}  # where the first vector is


def pose_part(T: FloatArray, part: str) -> FloatArray:
    """Return the columns `(k,)` of `part` for the pose `T` `(4, 4)` [m, rad].

    Quaternions have a positive w, but near half a turn (|w| < 0.5), where its sign would jump as a tool that points
    down wobbles, the largest of x, y and z is positive. Rotation vectors are those of these quaternions, and so up to
    240° long.
    """
    if part == TRANSLATION:
        return np.array(T[:3, 3])
    rotation = T[:3, :3]
    if part in _SIX:
        two = rotation[:2] if part == "rot6d_rows" else rotation[:, :2].T
        return np.array(two.ravel() if part != "rot6d_interleaved" else two.T.ravel())
    if part == "rpy":
        return _roll_pitch_yaw(rotation)
    quaternion = _quaternion(rotation)
    if part == "rotvec":
        sine = np.linalg.norm(quaternion[1:])
        return np.asarray(quaternion[1:] * (2.0 * np.arctan2(sine, quaternion[0]) / sine if sine > 1e-9 else 2.0))
    return quaternion[_XYZW] if part == "quat_xyzw" else quaternion


def rotations(columns: FloatArray, part: str) -> FloatArray:
    """Return the rotations `(T, 3, 3)` of the columns `(T, k)` of `part` [rad].

    Quaternions need not be of length 1, nor the vectors of a 6D rotation orthogonal (Gram-Schmidt, as its authors do);
    a row that is no rotation at all, such as one of zeros, becomes NaN.
    """
    if columns.shape[1:] != (len(PARTS[part]),) or part == TRANSLATION:
        raise ValueError(f"{part} has no rotations of shape {columns.shape}")
    if part in _SIX:
        return _from_six(columns, part)
    if part == "rpy":
        return _from_roll_pitch_yaw(columns)
    if part == "rotvec":
        return _from_quaternions(_quaternions_of(columns))
    return _from_quaternions(columns if part == "quat_wxyz" else columns[:, np.argsort(_XYZW)])


def _quaternion(rotation: FloatArray) -> FloatArray:
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation).ravel())
    w, *axis = quaternion.tolist()
    return quaternion if (w if abs(w) >= 0.5 else max(axis, key=abs)) > 0.0 else -quaternion


def _roll_pitch_yaw(rotation: FloatArray) -> FloatArray:
    """Return roll, pitch, yaw of R = Rz Ry Rx; where the pitch is 90°, the yaw is 0."""
    cos_pitch = np.hypot(rotation[0, 0], rotation[1, 0])
    pitch = np.arctan2(-rotation[2, 0], cos_pitch)
    if cos_pitch < 1e-9:
        return np.array([np.arctan2(-rotation[1, 2], rotation[1, 1]), pitch, 0.0])
    yaw = np.arctan2(rotation[1, 0], rotation[0, 0])
    return np.array([np.arctan2(rotation[2, 1], rotation[2, 2]), pitch, yaw])


def _from_roll_pitch_yaw(angles: FloatArray) -> FloatArray:
    (cr, cp, cy), (sr, sp, sy) = np.cos(angles).T, np.sin(angles).T
    rows = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def _quaternions_of(vectors: FloatArray) -> FloatArray:
    half = 0.5 * np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.hstack([np.cos(half), 0.5 * vectors * np.sinc(half / np.pi)])


def _from_quaternions(quaternions: FloatArray) -> FloatArray:
    """Of `(T, 4)`, w first."""
    matrices = np.empty((len(quaternions), 9))
    for matrix, quaternion in zip(matrices, _unit(quaternions), strict=True):
        mujoco.mju_quat2Mat(matrix, quaternion)
    return matrices.reshape(-1, 3, 3)


def _from_six(columns: FloatArray, part: str) -> FloatArray:
    at = _SIX[part]
    first = _unit(columns[:, at])
    second = _unit(np.delete(columns, at, axis=1))
    second = _unit(second - (first * second).sum(axis=1, keepdims=True) * first)
    return np.stack([first, second, np.cross(first, second)], axis=1 if part == "rot6d_rows" else 2)


def _unit(vectors: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where((length > 1e-6) & np.isfinite(length), length, np.nan)
