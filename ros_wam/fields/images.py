"""Camera frames as `sensor_msgs/CompressedImage`, and their intrinsics as `CameraInfo`; frame_id is the view."""

from typing import Any

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.fields.stamp import Fields, header, read_stamp
from ros_wam.jpeg import decode_jpeg, encode_jpeg
from ros_wam.types import CameraFrame

# Coefficient counts of sensor_msgs/distortion_models.hpp.
_DISTORTION_MODELS = {0: "plumb_bob", 4: "plumb_bob", 5: "plumb_bob", 8: "rational_polynomial"}


def image(frame: CameraFrame) -> Fields:
    """`<view>/image/compressed`: the frame as JPEG, stamped at capture."""
    return {"header": header(frame.stamp_ns, frame.view), "format": "jpeg", "data": encode_jpeg(frame.image)}


def read_image(message: Any) -> CameraFrame:
    """Return the decoded frame; raises CameraError when the data are no JPEG."""
    return CameraFrame(message.header.frame_id, read_stamp(message.header.stamp), decode_jpeg(bytes(message.data)))


def camera_info(view: str, calibration: ViewCalibration, stamp_ns: int) -> Fields:
    """`<view>/camera_info`: size and intrinsics [px]; the camera's pose is in the calibration file, not here."""
    projection = np.hstack([calibration.camera_matrix, np.zeros((3, 1))])
    return {
        "header": header(stamp_ns, view),
        "height": calibration.height,
        "width": calibration.width,
        "distortion_model": _DISTORTION_MODELS.get(len(calibration.distortion), ""),
        "d": np.array(calibration.distortion, dtype=np.float64),
        "k": calibration.camera_matrix.ravel(),
        "r": np.eye(3).ravel(),
        "p": projection.ravel(),
    }
