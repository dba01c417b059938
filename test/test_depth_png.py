"""Depth on the wire: every millimetre survives, and what is no depth is an error."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ros_wam import fields
from ros_wam.depth_png import decode_depth, encode_depth
from ros_wam.errors import CameraError
from ros_wam.jpeg import encode_jpeg
from ros_wam.types import DepthImage


def test_every_millimetre_survives() -> None:
    distance_mm = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    np.testing.assert_array_equal(decode_depth(encode_depth(distance_mm)), distance_mm)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        encode_jpeg(np.zeros((4, 4, 3), np.uint8)),
        bytes(cv2.imencode(".png", np.zeros((4, 4), "u1"))[1]),
    ],
    ids=["nothing", "no picture", "JPEG", "8 bits"],
)
def test_what_is_no_depth_is_an_error(data: bytes) -> None:
    with pytest.raises(CameraError, match=f"{len(data)} bytes that are not depth as PNG of 16 bits"):
        decode_depth(data)


def test_message_is_stamped_as_its_picture_and_read_back() -> None:
    matrix = np.array([[60.0, 0.0, 2.0], [0.0, 61.0, 1.0], [0.0, 0.0, 1.0]])
    image = DepthImage(np.array([[0, 1, 500], [65535, 7, 8]], np.uint16), matrix)
    message = fields.depth("wrist", 3_000_000_005, image)
    assert message["header"] == {"stamp": {"sec": 3, "nanosec": 5}, "frame_id": "wrist"}
    assert message["format"].split(";")[0] == "16UC1"
    read = fields.read_depth(SimpleNamespace(data=message["data"]), matrix)
    np.testing.assert_array_equal(read.distance_mm, image.distance_mm)
    np.testing.assert_array_equal(read.camera_matrix, matrix)
