"""Pictures and the depth of their pixels, which travel apart, as one frame."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ros_wam import fields
from ros_wam.policy.same_stamp import SameStamp
from ros_wam.types import CameraFrame, FloatArray


class Whole(NamedTuple):
    """The message of a picture and that of its depth; None where the policy needs no depth of the view."""

    picture: Any
    depth: Any

    @property
    def stamp_ns(self) -> int:
        """When both were taken."""
        return fields.read_stamp(self.picture.header.stamp)


class DeepPictures:
    """Holds a picture of a view whose depth is needed back until its depth has come; for one thread."""

    def __init__(self, camera_matrices: Mapping[str, FloatArray]) -> None:
        """`camera_matrices`: `(3, 3)` [px] of each view whose depth is needed."""
        self._matrices = dict(camera_matrices)
        self._pairs: dict[str, SameStamp[Any]] = {view: SameStamp() for view in camera_matrices}

    def picture(self, view: str, message: Any) -> Whole | None:
        """Return what `message` completes, if it does."""
        if view not in self._pairs:
            return Whole(message, None)
        found = self._pairs[view].first(fields.read_stamp(message.header.stamp), message)
        return None if found is None else Whole(*found)

    def depth(self, view: str, message: Any) -> Whole | None:
        """Return what `message` completes, if it does."""
        found = self._pairs[view].second(fields.read_stamp(message.header.stamp), message)
        return None if found is None else Whole(*found)

    def frame(self, view: str, whole: Whole) -> CameraFrame:
        """Decode both; raises CameraError where one is not what it should be."""
        picture = fields.read_image(whole.picture)
        if whole.depth is None:
            return picture
        depth = fields.read_depth(whole.depth, self._matrices[view])
        return CameraFrame(picture.view, picture.stamp_ns, picture.image, depth)
