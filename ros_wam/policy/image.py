"""Images as policies want them."""

import cv2
import numpy as np
from numpy.typing import NDArray


def resize_with_pad(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return HxWx3 uint8 `image` scaled to fit `size` (height, width) and centred on black; the aspect ratio is kept.

    An image of that size is returned as it is.
    """
    height, width = size
    if image.shape[:2] == size:
        return image
    scale = min(height / image.shape[0], width / image.shape[1])
    inner_height, inner_width = (max(1, round(n * scale)) for n in image.shape[:2])
    interpolation = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    padded = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    inner = cv2.resize(image, (inner_width, inner_height), interpolation=interpolation)
    padded[top : top + inner_height, left : left + inner_width] = inner
    return padded
