"""One camera: JPEG pictures stamped at capture, and the calibration of its view."""

from collections.abc import Sequence
from typing import Any

from rclpy.node import Node

from ros_wam import fields
from ros_wam.calibration import load_view
from ros_wam.cameras import make_camera
from ros_wam.cameras.camera import TellsFacts
from ros_wam.cameras.figures import CameraFigures
from ros_wam.cameras.stream import CameraStream
from ros_wam.clock import StationClock
from ros_wam.errors import CameraError, ConfigError
from ros_wam.fields import Diagnostic, Level, PictureTimes
from ros_wam.nodes import spin
from ros_wam.nodes.wiring import Outlets, station_topics
from ros_wam.run_config import RunConfig
from ros_wam.topics import camera_info_topic, depth_topic, image_topic
from ros_wam.types import CameraFrame

REPORT_PERIOD_NS = 1_000_000_000


class CameraNode(Node):  # type: ignore[misc]
    """Publishes every new picture of one view; says on `system_status` once a second how the camera does.

    A picture of another size than that which the view was calibrated for is an error of the camera.
    """

    def __init__(self, config: RunConfig, view: str) -> None:
        super().__init__(f"camera_node_{view}")
        embodiment, cameras = config.embodiment(), config.station().cameras
        if view not in cameras or view not in embodiment.views:
            raise ConfigError(f"{embodiment.name} has no camera {view!r} here; there are: {', '.join(cameras)}")
        self._view = view
        self._station_clock = StationClock()
        self._has_depth = cameras[view].depth
        self._healthy: bool | None = None
        self._say_again_ns = 0
        topics = station_topics(config)
        depth = (depth_topic(view),) if cameras[view].depth else ()
        self._outlets = Outlets(self, topics, (image_topic(view), *depth, camera_info_topic(view), "system_status"))
        self._calibration = load_view(config.calibration, view)
        info = fields.camera_info(view, self._calibration, self._station_clock.now_ns())
        self._outlets.publish(camera_info_topic(view), info)
        self._figures = CameraFigures(cameras[view].rate_hz, self._station_clock.now_ns())
        self._camera = make_camera(view, cameras[view], config.run_dir, self._station_clock)
        self._stream = CameraStream(self._camera, self._on_frame, self._on_error)
        self._stream.start()

    @property
    def finished(self) -> bool:
        """True when the camera's thread has died; the process then ends and is started again."""
        return not self._stream.running

    @property
    def exit_status(self) -> int:
        """1 when the camera's thread has died."""
        return int(self.finished)

    def close(self) -> None:
        """Stop reading."""
        self._stream.stop()

    def _on_frame(self, frame: CameraFrame) -> None:
        read_ns = self._station_clock.now_ns()
        self._check_size(frame)
        self._figures.came(frame.stamp_ns, read_ns)
        picture = fields.image(frame)
        times = PictureTimes(read_ns, self._station_clock.now_ns())
        self._outlets.publish(image_topic(self._view), fields.with_times(picture, times))
        if frame.depth is not None and self._has_depth:
            self._outlets.publish(depth_topic(self._view), fields.depth(self._view, frame.stamp_ns, frame.depth))
        self._say(True, "delivers pictures")

    def _check_size(self, frame: CameraFrame) -> None:
        height, width = frame.image.shape[:2]
        if (width, height) != (self._calibration.width, self._calibration.height):
            calibrated = f"{self._calibration.width}x{self._calibration.height}"
            raise CameraError(f"camera {self._view} sends {width}x{height}, but was calibrated for {calibrated}")

    def _on_error(self, error: CameraError) -> None:
        self._say(False, str(error))

    def _say(self, healthy: bool, message: str) -> None:
        now_ns = self._station_clock.now_ns()
        if healthy is self._healthy and now_ns < self._say_again_ns:
            return
        if healthy and not self._healthy:
            self.get_logger().info(message)
        elif not healthy and self._healthy:
            self.get_logger().error(message)
        elif not healthy and self._healthy is None:
            self.get_logger().warning(f"no pictures yet: {message}")
        self._healthy, self._say_again_ns = healthy, now_ns + REPORT_PERIOD_NS
        status = Diagnostic(self.get_name(), Level.OK if healthy else Level.ERROR, message, self._values(now_ns))
        self._outlets.publish("system_status", fields.diagnostics(now_ns, status))

    def _values(self, now_ns: int) -> dict[str, Any]:
        facts = self._camera.facts() if isinstance(self._camera, TellsFacts) else {}
        return {**self._figures.take(now_ns), "repeated": self._stream.repeated, **facts}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until a signal comes."""
    args = spin.parse(argv, "--view")
    return spin.run(f"camera_node_{args.view}", args.config, lambda config: CameraNode(config, args.view))


if __name__ == "__main__":
    raise SystemExit(main())
