"""One camera's pictures in a bag, read when they are wanted: an episode's do not fit into memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_wam.calibration import ViewCalibration
from ros_wam.errors import CameraError, RecordError
from ros_wam.export.joint_track import IntArray
from ros_wam.jpeg import decode_jpeg
from ros_wam.record.bag_reader import BagReader
from ros_wam.record.cdr import deserialize, source_stamp_ns


class RecordedPicture(NamedTuple):
    """One picture as it was recorded (JPEG), stamped at capture."""

    stamp_ns: int
    data: bytes

    def decoded(self) -> NDArray[np.uint8]:
        """Return a JPEG as HxWx3 RGB; raises RecordError that names the stamp of what is none."""
        try:
            return decode_jpeg(self.data)
        except CameraError as error:
            raise RecordError(f"the picture captured at {self.stamp_ns} is damaged: {error}") from error


@dataclass(frozen=True, eq=False)
class RecordedView:
    """The pictures of `name` on `topic` of the bag in `bag_dir`, captured at `stamp_ns` `(N,)`, which increase.

    A picture that was not captured after the one before it is not counted. `calibration` is None where the camera has
    none.
    """

    name: str
    topic: str
    bag_dir: Path
    stamp_ns: IntArray
    calibration: ViewCalibration | None

    def pictures(self) -> Iterator[RecordedPicture]:
        """Yield the pictures, oldest first, one for each of `stamp_ns`; raises RecordError when the bag is damaged."""
        last_ns: int | None = None
        with BagReader(self.bag_dir) as bag:
            for raw in bag.raw_messages([self.topic]):
                stamp_ns = source_stamp_ns(raw.type, raw.data)
                if stamp_ns is not None and (last_ns is None or stamp_ns > last_ns):
                    last_ns = stamp_ns
                    yield RecordedPicture(stamp_ns, bytes(deserialize(raw.type, raw.data).data))

    def chosen(self, row: IntArray) -> Iterator[RecordedPicture]:
        """Yield the pictures numbered `row` `(M,)`, in that order, which must not decrease; a number may repeat.

        Raises RecordError when the bag holds fewer.
        """
        pictures = enumerate(self.pictures())
        number, picture = -1, RecordedPicture(0, b"")
        for wanted in row.tolist():
            while number < wanted:
                number, picture = next(pictures, (number, RecordedPicture(-1, b"")))
                if picture.stamp_ns < 0:
                    raise RecordError(f"{self.bag_dir} holds {number + 1} pictures of {self.name}, not {wanted + 1}")
            yield picture

    def decoded(self, row: IntArray) -> Iterator[NDArray[np.uint8]]:
        """Yield like `chosen`, as HxWx3 RGB; raises RecordError for what is no picture."""
        last_ns, image = -1, np.zeros((0, 0, 3), np.uint8)
        for picture in self.chosen(row):
            if picture.stamp_ns != last_ns:  # one that repeats is decoded once
                last_ns, image = picture.stamp_ns, picture.decoded()
            yield image


def view_stamps(stamps: list[int]) -> IntArray:
    """Return the stamps of a view's messages, in the order written, without those that are not after the one before."""
    kept: list[int] = []
    for stamp_ns in stamps:
        if not kept or stamp_ns > kept[-1]:
            kept.append(stamp_ns)
    return np.array(kept, dtype=np.int64)
