"""Depth as `sensor_msgs/CompressedImage`: PNG of millimetres, stamped as the picture whose pixels it is of."""

from typing import Any

from ros_wam.depth_png import decode_depth, encode_depth
from ros_wam.fields.stamp import Fields, header
from ros_wam.types import DepthImage, FloatArray

FORMAT = "16UC1; png compressed "  # as compressed_image_transport writes it, and reads it as 16UC1


def depth(view: str, stamp_ns: int, image: DepthImage) -> Fields:
    """`<view>/depth/compressed`; the camera matrix is that of `camera_info`, and does not travel with it."""
    return {"header": header(stamp_ns, view), "format": FORMAT, "data": encode_depth(image.distance_mm)}


def read_depth(message: Any, camera_matrix: FloatArray) -> DepthImage:
    """Return the depth with the `(3, 3)` camera matrix of its view; raises CameraError when the data are no depth."""
    return DepthImage(decode_depth(bytes(message.data)), camera_matrix)
