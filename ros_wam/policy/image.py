"""Images as policies want them."""

import base64
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import SpecError

JPEG_QUALITY = 95  # OpenCV's own default; a picture that was made this small already has little to spare

Picture = NDArray[np.uint8]


def resize_with_pad(image: Picture, size: tuple[int, int]) -> Picture:
    """Return HxWx3 uint8 `image` scaled to fit `size` (height, width) and centred on black; the aspect ratio is kept.

    Lengths are rounded down, as openpi does. An image of that size is returned as it is.
    """
    height, width = size
    if image.shape[:2] == size:
        return image
    ratio = max(image.shape[0] / height, image.shape[1] / width)
    inner_height, inner_width = (max(1, int(n / ratio)) for n in image.shape[:2])
    inner = stretched(image, (inner_height, inner_width))
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    padded = np.zeros((height, width, 3), np.uint8)
    padded[top : top + inner_height, left : left + inner_width] = inner
    return padded


def stretched(image: Picture, size: tuple[int, int]) -> Picture:
    """Return HxWx3 uint8 `image` scaled to `size` (height, width); an image of that size as it is.

    What is made smaller is near to Pillow's BILINEAR, which openpi's policies were trained with: a triangle as wide as
    two of the new pixels. A box and the triangle of linear interpolation come to that in a sixth of the time.
    """
    height, width = size
    if image.shape[:2] == size:
        return image
    box = _box(image.shape[1] / width), _box(image.shape[0] / height)
    if box != (1, 1):
        resized = cv2.resize(cv2.blur(image, box), (width, height), interpolation=cv2.INTER_LINEAR)
    else:
        smaller = height * width < image.shape[0] * image.shape[1]
        resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)


def _box(scale: float) -> int:
    """Return the odd width of the box, 1 for none; the factor is that which comes nearest, from scale 1.5 to 9."""
    return max(1, 2 * round((1.3 * scale - 1.0) / 2.0) + 1)


def swapped(image: Picture) -> Picture:
    """Return HxWx3 `image` with red and blue in each other's place."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)


def _encoded(image: Picture, form: str, options: list[int]) -> bytes:
    done, data = cv2.imencode(form, swapped(image), options)
    if not done:
        raise SpecError(f"an image of shape {image.shape} cannot be encoded as {form[1:]}")
    return bytes(data)


def _jpeg(image: Picture) -> bytes:
    return _encoded(image, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def _png(image: Picture) -> bytes:
    return _encoded(image, ".png", [])


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


ENCODINGS: dict[str, Callable[[Picture], Any]] = {
    "jpeg": _jpeg,
    "png": _png,
    "jpeg_base64": lambda image: _text(_jpeg(image)),
    "png_base64": lambda image: _text(_png(image)),
    "jpeg_array": lambda image: np.frombuffer(_jpeg(image), np.uint8),
}
"""HxWx3 RGB pictures, compressed."""
