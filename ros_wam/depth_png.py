"""How depth travels and is recorded: PNG of 16 bits, without loss."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import CameraError

_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def encode_depth(distance_mm: NDArray[np.uint16]) -> bytes:
    """Return HxW distances [mm] as PNG."""
    done, data = cv2.imencode(".png", distance_mm, _FAST)
    if not done:
        raise CameraError(f"depth of shape {distance_mm.shape} cannot be encoded as PNG")
    return bytes(data)


def decode_depth(data: bytes) -> NDArray[np.uint16]:
    """Return HxW distances [mm]; raises CameraError when the data are no PNG of 16 bits in one channel."""
    buffer = np.frombuffer(data, np.uint8)
    distance_mm = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED) if len(buffer) else None
    if distance_mm is None or distance_mm.dtype != np.uint16 or distance_mm.ndim != 2:
        raise CameraError(f"{len(data)} bytes that are not depth as PNG of 16 bits")
    return np.asarray(distance_mm, np.uint16)
