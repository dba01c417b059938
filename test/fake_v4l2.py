"""Stands for a `cv2.VideoCapture` on a V4L2 device: there is none to be had without a kernel module."""

import queue
from collections.abc import Mapping
from typing import Any

import cv2

from ros_wam.clock import host_clocks_ns


class FakeV4l2:
    """Takes all values but those in `keeps`, and has no control in `lacks`; gives the pictures that `put` was given."""

    def __init__(self, keeps: Mapping[int, float] | None = None, lacks: tuple[int, ...] = ()) -> None:
        self.keeps, self.lacks = dict(keeps or {}), lacks
        self.order: list[int] = []
        self.values: dict[int, float] = {}
        self.opened: list[Any] = []
        self.released = 0
        self._pictures: queue.Queue[tuple[Any, float] | None] = queue.Queue()
        self._picture: Any = None

    def open(self, *source: Any) -> bool:
        self.opened.append(source)
        return True

    def set(self, key: int, value: float) -> bool:
        self.order.append(key)
        if key not in self.lacks:
            self.values[key] = self.keeps.get(key, value)
        return True

    def get(self, key: int) -> float:
        return self.values.get(key, -1.0)

    def put(self, picture: Any, age_ms: float | None = 0.0) -> None:
        """Deliver a picture, BGR, that the driver stamped `age_ms` ago; None: it does not stamp."""
        self._pictures.put((picture, 0.0 if age_ms is None else host_clocks_ns()[0] * 1e-6 - age_ms))

    def unplug(self) -> None:
        self._pictures.put(None)

    def grab(self) -> bool:
        found = self._pictures.get(timeout=10.0)
        if found is not None:
            self._picture, self.values[cv2.CAP_PROP_POS_MSEC] = found
        return found is not None

    def retrieve(self) -> tuple[bool, Any]:
        return True, self._picture

    def release(self) -> None:
        self.released += 1
