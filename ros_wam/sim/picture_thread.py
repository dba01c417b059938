"""Rendering in a thread of its own, in order: a picture depends on its snapshot alone, so nothing else changes."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ros_wam import fields
from ros_wam.calibration import ViewCalibration
from ros_wam.record.cdr import serialize
from ros_wam.sim.renderer import Renderer
from ros_wam.sim.world import Snapshot
from ros_wam.types import CameraFrame

_TYPE = "sensor_msgs/msg/CompressedImage"


class PictureThread:
    """Takes pictures of snapshots and hands them out as recorded messages. `close` it."""

    def __init__(self, model: Any, views: Mapping[str, ViewCalibration]) -> None:
        """Raises SimError when nothing can be rendered here."""
        self._views = tuple(views)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._renderer = self._thread.submit(Renderer, model, views).result()

    def take(self, snapshot: Snapshot) -> dict[str, Future[bytes]]:
        """Return, by view, the message to come of each picture."""
        return {view: self._thread.submit(self._draw, snapshot, view) for view in self._views}

    def close(self) -> None:
        """Finish what was asked for and free the renderer."""
        self._thread.submit(self._renderer.close).result()
        self._thread.shutdown()

    def _draw(self, snapshot: Snapshot, view: str) -> bytes:
        frame = CameraFrame(view, snapshot.time_ns, self._renderer.render(snapshot, view))
        return serialize(_TYPE, fields.image(frame))
