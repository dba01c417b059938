"""How pictures travel and are recorded: JPEG."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import CameraError

_QUALITY = 90
_COMMENT = b"\xff\xfe"  # ISO/IEC 10918-1, table B.1


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


def with_comment(jpeg: bytes, text: str) -> bytes:
    """Return `jpeg` with a comment, of at most 65533 bytes of ASCII, after its first segment."""
    after = 4 + int.from_bytes(jpeg[4:6], "big")
    data = text.encode("ascii")
    return b"".join((jpeg[:after], _COMMENT, (len(data) + 2).to_bytes(2, "big"), data, jpeg[after:]))


def comment(jpeg: bytes) -> str:
    """Return the text that `with_comment` put into `jpeg`, empty if there is none."""
    after = 4 + int.from_bytes(jpeg[4:6], "big")
    length = int.from_bytes(jpeg[after + 2 : after + 4], "big")
    text = jpeg[after + 4 : after + 2 + length] if jpeg[after : after + 2] == _COMMENT else b""
    return text.decode("ascii", "replace")
