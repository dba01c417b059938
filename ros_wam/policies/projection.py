"""Between pixels and metres: one pinhole camera at one moment."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.types import FloatArray


@dataclass(frozen=True, eq=False)
class PlacedCamera:
    """A calibrated camera and the pose `(4, 4)` of the frame it is mounted in, at the moment of the picture [m].

    Pixels are `(k, 2)` x, y of an ideal pinhole; `undistorted` makes them from the picture's own.
    """

    calibration: ViewCalibration
    T_base_frame: FloatArray

    @cached_property
    def T_base_camera(self) -> FloatArray:
        """`(4, 4)`: p_base = T_base_camera @ p_camera [m]."""
        transform: FloatArray = self.T_base_frame @ self.calibration.T_frame_camera
        return transform

    @property
    def position_m(self) -> FloatArray:
        """`(3,)`: the optical centre in the base frame."""
        return self.T_base_camera[:3, 3]

    def undistorted(self, pixels: FloatArray) -> FloatArray:
        """Return pixels of the picture without the lens's distortion."""
        if not any(self.calibration.distortion):
            return pixels
        matrix, distortion = self.calibration.camera_matrix, np.array(self.calibration.distortion)
        ideal = cv2.undistortPoints(pixels.reshape(-1, 1, 2), matrix, distortion, P=matrix)
        return np.asarray(ideal, dtype=np.float64).reshape(-1, 2)

    def project(self, points_m: FloatArray) -> FloatArray:
        """Return the pixels of `(k, 3)` points in the base frame; NaN for what is not in front of the camera."""
        in_camera = (points_m - self.position_m) @ self.T_base_camera[:3, :3]
        depth = np.where(in_camera[:, 2] > 1e-3, in_camera[:, 2], np.nan)
        matrix = self.calibration.camera_matrix
        focal, centre = matrix.diagonal()[:2], matrix[:2, 2]
        return np.asarray(focal * in_camera[:, :2] / depth[:, np.newaxis] + centre)

    def on_plane(self, pixels: FloatArray, height_m: float) -> FloatArray:
        """Return `(k, 2)` x, y where the rays of `pixels` meet the plane z = `height_m`; NaN where they do not."""
        c = self.calibration
        rays = (
            np.column_stack([(pixels[:, 0] - c.cx) / c.fx, (pixels[:, 1] - c.cy) / c.fy, np.ones(len(pixels))])
            @ self.T_base_camera[:3, :3].T
        )
        down = np.where(np.abs(rays[:, 2]) > 1e-9, rays[:, 2], np.nan)
        length = (height_m - self.position_m[2]) / down
        length = np.where(length > 0.0, length, np.nan)
        meeting: FloatArray = self.position_m[:2] + rays[:, :2] * length[:, np.newaxis]
        return meeting
