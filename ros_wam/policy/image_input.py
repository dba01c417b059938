"""Pictures as a server wants them: `request: images` of a profile."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.policy.image import ENCODINGS, Picture, resize_with_pad, stretched, swapped
from ros_wam.types import Observation

ALL_VIEWS = "all"
RAW = "raw"
RESIZES: dict[str, Callable[[Picture, tuple[int, int]], Picture]] = {"pad": resize_with_pad, "stretch": stretched}
COLOURS = ("rgb", "bgr")
DTYPES = ("uint8", "float32")
AT_START = ("repeat", "single")


@dataclass(frozen=True)
class ImageInput:
    """Views that are sent alike: each view's key path. The view `all` is every view of the robot; its name replaces
    `{view}` in the path.

    `size`: height, width; None sends pictures as large as they come. `size_from_metadata`: what the server declares as
    `image_size` is taken instead, `size` where it declares none. `resize`: pad with black, or stretch. `axes`: H, W and
    C as rows, columns and colours; before them, in any order, B (1), T (the pictures of `history`) and V (all views
    that share a key path, in order). `colour`: bgr swaps red and blue, of an encoded picture as well: for servers that
    decode with OpenCV and take that for RGB. `dtype`: float32 runs from 0 to 1. `encoding`: raw is an array; otherwise
    a compressed picture as bytes, as base64 text, or as a uint8 array of those bytes, and B, T and V are lists of them.
    `history`: rows of the policy before the observation at which pictures are sent, oldest first, 0 the last; at an
    episode's start, where there are none yet, the oldest there is is repeated, or only those that there are are sent.
    """

    views: dict[str, str]
    size: tuple[int, int] | None = None
    size_from_metadata: bool = False
    resize: str = "pad"
    axes: str = "HWC"
    colour: str = "rgb"
    dtype: str = "uint8"
    encoding: str = RAW
    history: tuple[int, ...] = (0,)
    at_start: str = "repeat"

    def __post_init__(self) -> None:
        for key, choices in (
            ("resize", tuple(RESIZES)),
            ("colour", COLOURS),
            ("dtype", DTYPES),
            ("encoding", (RAW, *ENCODINGS)),
            ("at_start", AT_START),
        ):
            _require(getattr(self, key) in choices, key, getattr(self, key), f"one of {', '.join(choices)}")
        _require(bool(self.views), "views", self.views, "a map of at least one view")
        _require(self.size is None or min(self.size) > 0, "size", self.size, "above 0")
        before = re.fullmatch("([BTV]*)(HWC|CHW)", self.axes)
        once = before is not None and len(set(before[1])) == len(before[1])
        _require(once, "axes", self.axes, "HWC or CHW after B, T, V, each at most once")
        ordered = list(self.history) == sorted(set(self.history)) and self.history[-1:] == (0,)
        _require(ordered, "history", list(self.history), "rows in ascending order, 0 the last")
        _require(len(self.history) == 1 or "T" in self.axes, "axes", self.axes, "one with T, for there is a history")
        stacked = "V" in self.axes and self.encoding == RAW
        _require(not stacked or self.size is not None, "size", self.size, "given, for views share an array (V)")
        if self.encoding != RAW:
            _require(self.dtype == "uint8", "dtype", self.dtype, f"uint8, for encoding is {self.encoding}")
            _require(self.axes.endswith("HWC"), "axes", self.axes, f"HWC, for encoding is {self.encoding}")

    def for_robot(self, robot: Embodiment) -> "ImageInput":
        """Return it with the robot's own views for `all`."""
        if ALL_VIEWS not in self.views:
            return self
        named = {view: path for view, path in self.views.items() if view != ALL_VIEWS}
        return replace(self, views={**{v: self.views[ALL_VIEWS].replace("{view}", v) for v in robot.views}, **named})

    @property
    def paths(self) -> tuple[str, ...]:
        """Every key path that something is put at, as often as that is done."""
        return tuple(dict.fromkeys(self.views.values()) if "V" in self.axes else self.views.values())

    def for_image_size(self, size: tuple[int, int] | None) -> "ImageInput":
        """Return it with the height and width that a server declares, if it is to tell them and does."""
        return self if size is None or not self.size_from_metadata else replace(self, size=size)


def image_values(images: ImageInput, observation: Observation) -> Iterator[tuple[str, Any]]:
    """Yield each key path and what to send there."""
    if "V" not in images.axes:
        for view, path in images.views.items():
            yield path, _arranged(images, [_pictures(images, observation, view)])
        return
    for path in dict.fromkeys(images.views.values()):
        views = [view for view, at in images.views.items() if at == path]
        yield path, _arranged(images, [_pictures(images, observation, view) for view in views])


def _pictures(images: ImageInput, observation: Observation, view: str) -> list[Any]:
    """Return the pictures of `view` that are sent, oldest first, each as it is sent."""
    by_row = {row: observation.history.get((view, row)) for row in images.history[:-1]}
    seen = [*(frame for frame in by_row.values() if frame is not None), observation.frames[view]]
    pictures = [_picture(images, frame.image) for frame in seen]
    if images.at_start == "repeat":
        return [pictures[0]] * (len(images.history) - len(pictures)) + pictures
    return pictures


def _picture(images: ImageInput, image: Picture) -> Any:
    if images.size is not None:
        image = RESIZES[images.resize](image, images.size)
    if images.colour == "bgr":
        image = swapped(image)
    if images.encoding != RAW:
        return ENCODINGS[images.encoding](image)
    if images.axes.endswith("CHW"):
        image = np.ascontiguousarray(image.transpose(2, 0, 1))
    return np.divide(image, 255.0, dtype=np.float32) if images.dtype == "float32" else image


def _arranged(images: ImageInput, pictures: list[list[Any]]) -> Any:
    """Return `pictures`, of each view and row, with the axes before H, W and C that are asked for."""
    first = images.axes[:-3]
    if not first:
        return pictures[0][0]
    by_axis: Mapping[str, int] = {"V": len(pictures), "T": len(pictures[0]), "B": 1}

    def nested(axes: str, at: Mapping[str, int]) -> Any:
        if not axes:
            return pictures[at.get("V", 0)][at.get("T", 0)]
        return [nested(axes[1:], {**at, axes[0]: index}) for index in range(by_axis[axes[0]])]

    values = nested(first, {})
    return values if images.encoding != RAW else np.array(values)


def _require(holds: bool, key: str, value: object, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"request: images: {key} is {value!r}, must be {wanted}")
