"""Camera frames as `sensor_msgs/CompressedImage`, and their intrinsics as `CameraInfo`; frame_id is the view."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_wam.calibration import ViewCalibration
from ros_wam.fields.stamp import Fields, header, read_stamp
from ros_wam.jpeg import comment, decode_jpeg, encode_jpeg, with_comment
from ros_wam.types import CameraFrame

# Coefficient counts of sensor_msgs/distortion_models.hpp.
_DISTORTION_MODELS = {0: "plumb_bob", 4: "plumb_bob", 5: "plumb_bob", 8: "rational_polynomial"}

_TIMES = re.compile(r"read_ns=(\d+) encoded_ns=(\d+)")
_HEAD_BYTES = 256  # the comment is the second segment


@dataclass(frozen=True)
class PictureTimes:
    """When a camera's process had the picture, and when it had it as JPEG [station time]."""

    read_ns: int
    encoded_ns: int


def image(frame: CameraFrame) -> Fields:
    """`<view>/image/compressed`: the frame as JPEG, stamped at capture."""
    return {"header": header(frame.stamp_ns, frame.view), "format": "jpeg", "data": encode_jpeg(frame.image)}


def with_times(picture: Fields, times: PictureTimes) -> Fields:
    """Return the message `picture` with `times` in a comment of its JPEG, where no decoder minds them."""
    text = f"read_ns={times.read_ns} encoded_ns={times.encoded_ns}"
    return {**picture, "data": with_comment(picture["data"], text)}


def read_times(message: Any) -> PictureTimes | None:
    """Return what `with_times` put in; None if there is nothing."""
    found = _TIMES.fullmatch(comment(bytes(message.data[:_HEAD_BYTES])))
    return None if found is None else PictureTimes(int(found[1]), int(found[2]))


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
