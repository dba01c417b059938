"""Recordings of a RealSense camera that there never was: librealsense's own recorder on its own software device."""

from pathlib import Path
from typing import Any

import numpy as np
import pyrealsense2 as rs

from ros_wam.clock import StationClock

WIDTH, HEIGHT, RATE_HZ = 64, 48, 30
DEPTH_MATRIX = (60.0, 60.0, 32.0, 24.0)  # fx, fy, cx, cy
COLOUR_MATRIX = (66.0, 64.0, 30.0, 25.0)
BASELINE_M = 0.015  # the depth camera's origin is at +x of the colour camera's
WALL_MM, BOX_MM = 2000, 500
BOX = (slice(18, 30), slice(26, 38))  # rows and columns of the depth picture
DEPTH_UNITS_M = 0.00025  # not the usual one: it must be read


def record(path: Path, frames: int = 30, unpaired: tuple[int, ...] = ()) -> None:
    """Record a wall with a box before it; each picture has its number as its shade. `unpaired` have no depth."""
    device = rs.software_device()
    device.register_info(rs.camera_info.name, "Intel RealSense D435")
    device.register_info(rs.camera_info.serial_number, "012345678901")
    stereo, rgb = device.add_sensor("Stereo Module"), device.add_sensor("RGB Camera")
    depth_profile = _stream(stereo, rs.stream.depth, 0, rs.format.z16, 2, DEPTH_MATRIX)
    colour_profile = _stream(rgb, rs.stream.color, 1, rs.format.rgb8, 3, COLOUR_MATRIX)
    stereo.add_read_only_option(rs.option.depth_units, DEPTH_UNITS_M)
    for option, low, high, value in (
        ("exposure", 1, 10000, 80),
        ("gain", 0, 128, 64),
        ("enable_auto_exposure", 0, 1, 0),
    ):
        rgb.add_option(rs.option.__members__[option], option_range(low, high, value), True)
    shift = rs.extrinsics()
    shift.rotation, shift.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [BASELINE_M, 0, 0]
    depth_profile.register_extrinsics_to(colour_profile, shift)
    device.create_matcher(rs.matchers.default)
    recorder = rs.recorder(str(path), device)
    sensors, queue = recorder.query_sensors(), rs.frame_queue(frames)
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles()[0])
        sensor.start(queue)
    clock = StationClock(0)
    began_ns = clock.now_ns()
    for k in range(frames):
        if k not in unpaired:
            _send(stereo, depth_profile, depth_picture(), 2, k)
        _send(rgb, colour_profile, np.full((HEIGHT, WIDTH, 3), 20 + k, np.uint8), 3, k)
        clock.sleep_until_ns(began_ns + (k + 1) * 1_000_000_000 // RATE_HZ)  # it is played as it was recorded
    for sensor in sensors:
        sensor.stop()
        sensor.close()


def depth_picture() -> Any:
    picture = np.full((HEIGHT, WIDTH), WALL_MM, np.float64)
    picture[BOX] = BOX_MM
    return np.rint(picture * 1e-3 / DEPTH_UNITS_M).astype(np.uint16)


def option_range(low: float, high: float, default: float) -> Any:
    limits = rs.option_range()
    limits.min, limits.max, limits.step, limits.default = low, high, 1, default
    return limits


def _stream(sensor: Any, kind: Any, uid: int, form: Any, bpp: int, matrix: tuple[float, ...]) -> Any:
    stream, inner = rs.video_stream(), rs.intrinsics()
    inner.width, inner.height, inner.model, inner.coeffs = WIDTH, HEIGHT, rs.distortion.none, [0.0] * 5
    inner.fx, inner.fy, inner.ppx, inner.ppy = matrix
    stream.type, stream.index, stream.uid, stream.fps = kind, 0, uid, RATE_HZ
    stream.width, stream.height, stream.bpp, stream.fmt, stream.intrinsics = WIDTH, HEIGHT, bpp, form, inner
    return rs.video_stream_profile(sensor.add_video_stream(stream))


def _send(sensor: Any, profile: Any, picture: Any, bpp: int, number: int) -> None:
    frame = rs.software_video_frame()
    frame.pixels, frame.bpp, frame.stride, frame.profile = picture, bpp, WIDTH * bpp, profile
    frame.timestamp, frame.domain = number * 1000.0 / RATE_HZ, rs.timestamp_domain.hardware_clock
    frame.frame_number = number + 1
    if bpp == 2:
        frame.depth_units = DEPTH_UNITS_M
    sensor.on_video_frame(frame)
