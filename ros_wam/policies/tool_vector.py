"""Tool poses as `(6,)` vectors that can be added: x, y, z [m], yaw and two tilts [rad] about pointing straight down.

Yaw 0: the tool's x axis, along which the fingers close, is the base frame's. Tilts are 0 but where the robot begins, or
where the tool is to be level.
"""

import numpy as np

from ros_wam.types import FloatArray

_DOWN = np.diag([1.0, -1.0, -1.0])


def to_matrix(vector: FloatArray) -> FloatArray:
    """Return T_base_tool `(4, 4)`."""
    cos, sin = np.cos(vector[3]), np.sin(vector[3])
    transform = np.eye(4)
    transform[:3, :3] = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]) @ _DOWN @ _tilt(vector[4:6])
    transform[:3, 3] = vector[:3]
    return transform


def from_matrix(T_base_tool: FloatArray) -> FloatArray:
    """Return the vector of a pose that does not point straight up."""
    rotation = T_base_tool[:3, :3]
    # The smallest turn from the tool's own z to straight down, seen in the tool, is the tilt; what is left is yaw.
    down_in_tool = -rotation[2]
    axis = np.cross(down_in_tool, [0.0, 0.0, 1.0])
    size = np.linalg.norm(axis)
    tilt = axis[:2] * (np.arctan2(size, down_in_tool[2]) / size) if size > 1e-9 else np.zeros(2)
    upright = rotation @ _tilt(tilt).T
    return np.array([*T_base_tool[:3, 3], np.arctan2(upright[1, 0], upright[0, 0]), *tilt])


def at_height(vector: FloatArray, height_m: float) -> FloatArray:
    """Return the vector with another z."""
    raised = vector.copy()
    raised[2] = height_m
    return raised


def _tilt(tilt: FloatArray) -> FloatArray:
    """Rodrigues' rotation about an axis in the tool's x-y plane."""
    angle = float(np.linalg.norm(tilt))
    if angle < 1e-12:
        return np.eye(3)
    x, y = tilt / angle
    skew = np.array([[0.0, 0.0, y], [0.0, 0.0, -x], [-y, x, 0.0]])
    turned: FloatArray = np.eye(3) + np.sin(angle) * skew + (1.0 - np.cos(angle)) * skew @ skew
    return turned
