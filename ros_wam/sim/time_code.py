"""The time of a picture, written into the picture: black and white cells in its top left corner.

64 bits of nanoseconds and a CRC-8, row by row, most significant bit first, in cells of 4x4 pixels: large and
contrasting enough to survive JPEG at quality 90, 4:2:0.
"""

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import SimError

_CELL_PX = 4
_ROWS, _COLUMNS = 4, 18
HEIGHT_PX, WIDTH_PX = _ROWS * _CELL_PX, _COLUMNS * _CELL_PX
"""The corner that the code covers [px]."""


def draw_time_ns(image: NDArray[np.uint8], time_ns: int) -> None:
    """Write `time_ns` (0 … 2^64 - 1) into the corner of an HxWx3 image, in place."""
    data = time_ns.to_bytes(8, "big")
    bits = np.unpackbits(np.frombuffer(data + bytes([_crc8(data)]), np.uint8)).reshape(_ROWS, _COLUMNS)
    image[:HEIGHT_PX, :WIDTH_PX] = np.kron(bits * 255, np.ones((_CELL_PX, _CELL_PX), np.uint8))[..., np.newaxis]


def decode_time_ns(image: NDArray[np.uint8]) -> int:
    """Return the time in the corner of an HxWx3 image, JPEG or not; raises SimError when none can be read."""
    if image.shape[0] < HEIGHT_PX or image.shape[1] < WIDTH_PX:
        raise SimError(f"an image of {image.shape[1]}x{image.shape[0]} px is too small for a time code")
    cells = image[:HEIGHT_PX, :WIDTH_PX].reshape(_ROWS, _CELL_PX, _COLUMNS, _CELL_PX, 3)
    bits = cells[:, 1:-1, :, 1:-1].mean(axis=(1, 3, 4)) > 127.5
    data = np.packbits(bits.reshape(-1)).tobytes()
    if _crc8(data[:8]) != data[8]:
        raise SimError("the image bears no readable time code")
    return int.from_bytes(data[:8], "big")


def _crc8(data: bytes) -> int:
    """CRC-8/AUTOSAR (polynomial 0x2F, start and end XOR 0xFF): an all-black or all-white corner does not pass."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x2F) & 0xFF if crc & 0x80 else crc << 1
    return crc ^ 0xFF
