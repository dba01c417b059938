"""How pictures travel and are recorded: JPEG."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import CameraError

_QUALITY = 90


def encode_jpeg(image: NDArray[np.uint8]) -> bytes:
    """Return an HxWx3 RGB image as JPEG."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise CameraError(f"an image of shape {image.shape} cannot be encoded as JPEG")
    return bytes(data)


def decode_jpeg(data: bytes) -> NDArray[np.uint8]:
    """Return a JPEG as an HxWx3 RGB image; raises CameraError when it is none."""
    buffer = np.frombuffer(data, np.uint8)
    image = cv2.imdecode(buffer, cv2.IMREAD_COLOR) if len(buffer) else None
    if image is None:
        raise CameraError(f"{len(data)} bytes that are not a JPEG image")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
