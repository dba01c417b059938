"""The time code survives JPEG, and is not read where there is none."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ros_wam.errors import SimError
from ros_wam.sim.time_code import HEIGHT_PX, WIDTH_PX, decode_time_ns, draw_time_ns


@given(st.integers(0, 2**64 - 1), arrays(np.uint8, (3, 4, 3)))
def test_survives_jpeg_at_quality_90(time_ns: int, colours: np.ndarray) -> None:
    image = np.kron(colours, np.ones((16, 32, 1), np.uint8))
    draw_time_ns(image, time_ns)
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert decode_time_ns(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))) == time_ns


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_a_plain_image_has_no_time(grey: int) -> None:
    with pytest.raises(SimError, match="no readable time code"):
        decode_time_ns(np.full((48, 96, 3), grey, np.uint8))


def test_a_small_image_has_no_time() -> None:
    with pytest.raises(SimError, match="too small"):
        decode_time_ns(np.zeros((HEIGHT_PX, WIDTH_PX - 1, 3), np.uint8))


def test_one_wrong_cell_is_noticed() -> None:
    image = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    draw_time_ns(image, 1_700_000_000_000_000_000)
    for row in range(0, HEIGHT_PX, 4):
        for column in range(0, WIDTH_PX, 4):
            broken = image.copy()
            broken[row : row + 4, column : column + 4] ^= 255
            with pytest.raises(SimError):
                decode_time_ns(broken)
