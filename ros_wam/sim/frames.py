"""How pictures get from the simulator to the `sim` cameras: one file per view in memory, and a datagram that tells.

The writer never waits for a reader, and a reader never sees half a picture: the sequence number is odd while a picture
is being written, and differs afterwards.
"""

import mmap
import select
import socket
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_wam.errors import SimError
from ros_wam.types import DepthImage

_HEADER = np.dtype(
    [
        ("sequence", "u8"),
        ("stamp_ns", "i8"),
        ("matrix", "f8", (3, 3)),
        ("width", "u4"),
        ("height", "u4"),
        ("deep", "u8"),
    ]
)
_ATTEMPTS = 20


class Picture(NamedTuple):
    """HxWx3 RGB with its stamp, and the depth of its pixels where the view has it."""

    image: NDArray[np.uint8]
    stamp_ns: int
    depth: DepthImage | None


def _frame_file(run_dir: Path, view: str) -> Path:
    return run_dir / "frames" / view / "frame"


class FrameWriter:
    """The one writer of a view."""

    def __init__(self, run_dir: Path, view: str, width: int, height: int, deep: bool = False) -> None:
        """Create the view's file; `deep`: each picture has its depth."""
        self._path = _frame_file(run_dir, view)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb+") as file:
            file.truncate(_HEADER.itemsize + width * height * (5 if deep else 3))
            memory = mmap.mmap(file.fileno(), 0)
        self._header, self._pixels, self._distance_mm = _views(memory, width, height, deep)
        self._header["width"], self._header["height"], self._header["deep"] = width, height, deep
        fresh.rename(self._path)  # a reader sees a whole file or none
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def write(self, image: NDArray[np.uint8], stamp_ns: int, depth: DepthImage | None = None) -> None:
        """Replace the picture by an HxWx3 one, with its depth if the view is deep, and tell the readers."""
        self._header["sequence"] += 1
        self._pixels[:] = image
        if depth is not None:
            self._distance_mm[:], self._header["matrix"] = depth.distance_mm, depth.camera_matrix
        self._header["stamp_ns"] = stamp_ns
        self._header["sequence"] += 1
        for reader in self._path.parent.glob("*.sock"):
            try:
                self._socket.sendto(b".", str(reader))
            except BlockingIOError:
                continue  # it has not even read what it was told before
            except OSError:
                reader.unlink(missing_ok=True)  # left behind by a reader that was killed

    def close(self) -> None:
        """Remove the view's file; readers hear no more."""
        self._path.unlink(missing_ok=True)
        self._socket.close()


class FrameReader:
    """One reader of a view. It sees only pictures written after it was made."""

    def __init__(self, run_dir: Path, view: str) -> None:
        """Raises SimError when the simulator does not serve the view (yet)."""
        path = _frame_file(run_dir, view)
        try:
            with path.open("rb") as file:
                memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise SimError(f"the simulator serves no view {view!r}: {path} cannot be read ({error})") from error
        header = _views(memory, 0, 0, False)[0]
        sizes = int(header["width"]), int(header["height"]), bool(header["deep"])
        self._header, self._pixels, self._distance_mm = _views(memory, *sizes)
        # Never the address of a reader before: the writer may be about to remove that one's.
        self._address = path.parent / f"{uuid.uuid4().hex[:8]}.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self._address))

    def read(self, timeout_s: float) -> Picture | None:
        """Wait for a new picture and return it; None when none comes within `timeout_s`."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return None
        self._drain()
        for _ in range(_ATTEMPTS):
            sequence = int(self._header["sequence"])
            stamp_ns, image = int(self._header["stamp_ns"]), self._pixels.copy()
            distance_mm, matrix = self._distance_mm.copy(), self._header["matrix"].copy()
            if sequence % 2 == 0 and int(self._header["sequence"]) == sequence:
                return Picture(image, stamp_ns, DepthImage(distance_mm, matrix) if distance_mm.size else None)
        return None

    def close(self) -> None:
        """Be told no more; may be called twice."""
        self._socket.close()
        self._address.unlink(missing_ok=True)

    def _drain(self) -> None:
        while True:
            try:
                self._socket.recv(1)
            except BlockingIOError:
                return


def _views(memory: mmap.mmap, width: int, height: int, deep: bool) -> tuple[Any, NDArray[np.uint8], NDArray[np.uint16]]:
    header = np.ndarray((), _HEADER, memory)
    pixels = np.ndarray((height, width, 3), np.uint8, memory, offset=_HEADER.itemsize)
    distance_mm = np.ndarray((height if deep else 0, width), np.uint16, memory, _HEADER.itemsize + pixels.nbytes)
    return header, pixels, distance_mm
