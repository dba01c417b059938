"""A picture and its depth become one frame, whichever comes first; others pass through."""

from typing import Any

import numpy as np
import pytest
from fake_policy import frame

from ros_wam import fields
from ros_wam.errors import CameraError
from ros_wam.policy.deep_pictures import DeepPictures
from ros_wam.record.cdr import deserialize, serialize
from ros_wam.types import DepthImage

TYPE = "sensor_msgs/msg/CompressedImage"
MATRIX = np.array([[60.0, 0.0, 2.0], [0.0, 61.0, 1.0], [0.0, 0.0, 1.0]])


def sent(message: Any) -> Any:
    return deserialize(TYPE, serialize(TYPE, message))


def picture(view: str, stamp_ns: int) -> Any:
    return sent(fields.image(frame(view, stamp_ns)))


def depth(view: str, stamp_ns: int, distance_mm: int = 700) -> Any:
    return sent(fields.depth(view, stamp_ns, DepthImage(np.full((2, 4), distance_mm, np.uint16), MATRIX)))


@pytest.fixture
def pictures() -> DeepPictures:
    return DeepPictures({"wrist": MATRIX})


@pytest.mark.parametrize("picture_first", [True, False])
def test_picture_and_depth_become_one_frame(pictures: DeepPictures, picture_first: bool) -> None:
    steps = [lambda: pictures.picture("wrist", picture("wrist", 7)), lambda: pictures.depth("wrist", depth("wrist", 7))]
    first, second = steps if picture_first else steps[::-1]
    assert first() is None
    whole = second()
    assert whole is not None
    assert whole.stamp_ns == 7
    seen = pictures.frame("wrist", whole)
    assert (seen.view, seen.stamp_ns) == ("wrist", 7)
    assert seen.depth is not None
    assert (seen.depth.distance_mm == 700).all()
    np.testing.assert_array_equal(seen.depth.camera_matrix, MATRIX)


def test_depth_of_another_moment_does_not_complete(pictures: DeepPictures) -> None:
    assert pictures.depth("wrist", depth("wrist", 6)) is None
    assert pictures.picture("wrist", picture("wrist", 7)) is None


def test_view_without_depth_passes_through(pictures: DeepPictures) -> None:
    whole = pictures.picture("global", picture("global", 7))
    assert whole is not None
    assert pictures.frame("global", whole).depth is None


def test_broken_depth_is_an_error(pictures: DeepPictures) -> None:
    pictures.picture("wrist", picture("wrist", 7))
    whole = pictures.depth("wrist", picture("wrist", 7))
    assert whole is not None
    with pytest.raises(CameraError, match="not depth as PNG"):
        pictures.frame("wrist", whole)
