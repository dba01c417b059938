"""Intel RealSense cameras through librealsense: colour, and depth aligned to it. Nobody else imports that library."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyrealsense2 as rs

from ros_wam.calibration import CameraStation
from ros_wam.cameras.device_time import DeviceTime
from ros_wam.cameras.host_time import HostTime
from ros_wam.cameras.realsense_options import colour_options, depth_options, set_option
from ros_wam.cameras.realsense_settings import RealSenseSettings, read_realsense_settings
from ros_wam.clock import Clock, host_clocks_ns
from ros_wam.errors import CameraError
from ros_wam.types import CameraFrame, DepthImage

FIRST_FRAME_MS = 3000
"""A camera that has just been started takes about a second until its first picture."""
_OPTIONS: Mapping[str, Any] = rs.option.__members__


class RealSenseCamera:
    """One camera, or one recording. A frame without depth of its moment is none, where depth is wanted."""

    def __init__(self, view: str, station: CameraStation, settings: RealSenseSettings, clock: Clock) -> None:
        self._view, self._station, self._settings, self._clock = view, station, settings, clock
        self._latency_ns = round(station.latency_s * 1e9)
        self._align = rs.align(rs.stream.color)
        self._pipeline: Any = None
        self._facts: dict[str, Any] = {}
        self._last_ns = 0
        self._unpaired = 0

    def open(self) -> None:
        """Start the streams, set every option and wait for a picture; raises CameraError, also for an option that the
        camera does not take as asked.
        """
        self.close()
        self._device_time, self._host_time = DeviceTime(), HostTime()
        pipeline = rs.pipeline()
        try:
            self._check_connected()
            profile = pipeline.start(self._config())
        except RuntimeError as error:
            raise CameraError(f"camera {self._view}: {self._source()} cannot be opened: {error}") from error
        self._pipeline = pipeline
        try:
            self._set_up(profile)
            pipeline.wait_for_frames(FIRST_FRAME_MS)
        except RuntimeError as error:  # unplugged meanwhile, or too many cameras on one USB controller
            raise CameraError(f"camera {self._view}: {self._source()} cannot be set up: {error}") from error

    def read(self, timeout_s: float) -> CameraFrame:
        """Wait for the next picture; raises CameraError when none comes within `timeout_s`."""
        if self._pipeline is None:
            raise CameraError(f"camera {self._view} is not open")
        deadline_ns = self._clock.now_ns() + round(timeout_s * 1e9)
        while (left_ns := deadline_ns - self._clock.now_ns()) > 0:
            try:
                frames = self._pipeline.wait_for_frames(max(left_ns // 1_000_000, 1))
                while newer := self._pipeline.poll_for_frames():
                    frames = newer
                found = self._frame(frames)
            except RuntimeError as error:
                raise CameraError(f"camera {self._view}: {self._source()}: {error}") from error
            if found is not None:
                return found
        raise CameraError(f"camera {self._view}: {self._source()}: no new picture within {timeout_s:.3f} s")

    def close(self) -> None:
        """Stop the streams."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            with suppress(RuntimeError):  # it is unplugged
                pipeline.stop()

    def facts(self) -> Mapping[str, Any]:
        """Return what the camera is, what its options were read back as, and what its stamps are of."""
        return {**self._facts, "without_depth": self._unpaired} if self._station.depth else dict(self._facts)

    def _check_connected(self) -> None:
        """Raise CameraError with the cameras there are: librealsense would wait for one that is missing for 15 s."""
        serial, info = self._settings.serial, rs.camera_info.serial_number
        if serial is not None:
            connected = [device.get_info(info) for device in rs.context().query_devices()]
            if serial not in connected:
                there = ", ".join(connected) or "none"
                raise CameraError(f"camera {self._view}: {self._source()} is not connected; connected: {there}")

    def _source(self) -> str:
        return self._settings.file or f"RealSense {self._settings.serial}"

    def _config(self) -> Any:
        settings, rate_hz = self._settings, int(self._station.rate_hz)
        config = rs.config()
        if settings.file is None:
            config.enable_device(settings.serial)
        else:
            config.enable_device_from_file(settings.file, True)
        config.enable_stream(rs.stream.color, settings.width, settings.height, rs.format.rgb8, rate_hz)
        if self._station.depth:
            width, height = settings.depth_width or settings.width, settings.depth_height or settings.height
            config.enable_stream(rs.stream.depth, width, height, rs.format.z16, rate_hz)
        return config

    def _set_up(self, profile: Any) -> None:
        device = profile.get_device()
        facts = {name: device.get_info(info) for name, info in _INFOS.items() if device.supports(info)}
        colour = _sensor(device, rs.stream.color)
        for option in colour_options(self._settings, colour.get_info(rs.camera_info.name)):
            facts[option.name] = set_option(self._view, colour, option, _OPTIONS)
        if self._station.depth:
            depth = _sensor(device, rs.stream.depth)
            for option in depth_options(self._settings):
                facts[option.name] = set_option(self._view, depth, option, _OPTIONS)
        self._facts = facts

    def _frame(self, frames: Any) -> CameraFrame | None:
        """Return the picture, None if it is not a new one or lacks its depth."""
        received_ns = self._clock.now_ns()
        colour = frames.get_color_frame()
        stamp_ns = self._stamp_ns(colour, received_ns) - self._latency_ns
        if stamp_ns <= self._last_ns:
            return None
        depth = None
        if self._station.depth:
            taken = frames.get_depth_frame()
            if not taken or abs(taken.get_timestamp() - colour.get_timestamp()) > 500.0 / self._station.rate_hz:
                self._unpaired += 1
                return None
            depth = _depth_image(self._align.process(frames).get_depth_frame(), colour)
        self._last_ns = stamp_ns
        return CameraFrame(self._view, stamp_ns, np.array(colour.get_data(), np.uint8), depth)

    def _stamp_ns(self, frame: Any, received_ns: int) -> int:
        """Return when the frame was taken by its own clock, as far as `latency_s` does not say better."""
        domain, device_ns = frame.get_frame_timestamp_domain(), round(frame.get_timestamp() * 1e6)
        if domain != rs.timestamp_domain.hardware_clock and self._settings.file is None:
            wall_ns = host_clocks_ns()[1]
            stamp_ns = self._host_time.station_ns(device_ns, wall_ns, received_ns)
            if stamp_ns is not None:
                self._facts["stamps"] = f"{domain.name}, on the wall clock"
                return stamp_ns
        self._facts["stamps"] = f"{domain.name}, mapped by the least delay"
        return self._device_time.station_ns(device_ns, received_ns)


_INFOS = {
    "name": rs.camera_info.name,
    "serial": rs.camera_info.serial_number,
    "firmware": rs.camera_info.firmware_version,
    "usb": rs.camera_info.usb_type_descriptor,
}


def _sensor(device: Any, stream: Any) -> Any:
    return next(
        sensor
        for sensor in device.query_sensors()
        if any(profile.stream_type() == stream for profile in sensor.get_stream_profiles())
    )


def _depth_image(depth: Any, colour: Any) -> DepthImage:
    inner = colour.profile.as_video_stream_profile().intrinsics
    matrix = np.array([[inner.fx, 0.0, inner.ppx], [0.0, inner.fy, inner.ppy], [0.0, 0.0, 1.0]])
    distance, unit_mm = np.array(depth.get_data(), np.uint16), 1e3 * depth.get_units()
    if abs(unit_mm - 1.0) > 1e-6:  # another than that of most cameras
        distance = np.clip(np.rint(distance * unit_mm), 0, 65535).astype(np.uint16)
    return DepthImage(distance, matrix)


def check_settings(view: str, station: CameraStation) -> None:
    """Raise ConfigError unless `station` is one that a camera can be made of."""
    read_realsense_settings(view, station)


def make_camera(view: str, settings: CameraStation, run_dir: Path, clock: Clock) -> RealSenseCamera:
    """Return the unopened camera of `view`."""
    return RealSenseCamera(view, settings, read_realsense_settings(view, settings), clock)
