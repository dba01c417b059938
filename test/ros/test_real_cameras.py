"""camera_node with the drivers of real cameras, on what stands in for a camera: a file of video, a recording."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from ros_wam import fields
from ros_wam.config import dump
from ros_wam.run_config import RunConfig

ROOT = Path(__file__).resolve().parents[2]
FILM = (320, 240)
WIDTH, HEIGHT = 64, 48  # of what recorded_realsense records


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, FILM)
    for k in range(30):
        writer.write(np.full((240, 320, 3), 5 * k, np.uint8))
    writer.release()
    return path


@pytest.fixture
def run_config(run_config: RunConfig, film: Path, tmp_path: Path) -> RunConfig:
    """The UR5 with a USB camera on its wrist and a RealSense beside it, which measures depth."""
    calibration = tmp_path / "calib"
    shutil.copytree(run_config.calibration, calibration)
    record(tmp_path / "side.db3")
    station = yaml.safe_load((calibration / "station.yaml").read_text())
    usb = {"source": str(film), "width": 320, "height": 240}
    realsense = {"file": str(tmp_path / "side.db3"), "width": WIDTH, "height": HEIGHT}
    station["cameras"]["wrist"] = {"driver": "usb", "latency_s": 0.01, "rate_hz": 30.0, "device": usb}
    station["cameras"]["global"] = {
        "driver": "realsense",
        "latency_s": 0.02,
        "rate_hz": 30.0,
        "device": realsense,
        "depth": True,
    }
    (calibration / "station.yaml").write_text(yaml.safe_dump(station))
    view = yaml.safe_load((calibration / "global.yaml").read_text())
    (calibration / "global.yaml").write_text(yaml.safe_dump({**view, "width": WIDTH, "height": HEIGHT}))
    config = replace(run_config, calibration=calibration)
    (tmp_path / "config.yaml").write_text(dump(config))
    return config


def record(path: Path) -> None:
    """Record in a process of its own: one in which rclpy has been used, too, crashes as it ends."""
    code = "import sys; from pathlib import Path; from recorded_realsense import record; record(Path(sys.argv[1]))"
    paths = [str(ROOT), str(ROOT / "test")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=True, timeout=60)


def facts(reports: Any, node: str) -> dict[str, Any]:
    """Return the values of what `node` said last that all is well with it; empty before."""
    statuses = [status for message in reports for status in fields.read_diagnostics(message)[1]]
    said = [dict(status.values) for status in statuses if status.name == node and status.message == "delivers pictures"]
    return said[-1] if said else {}


def test_usb_camera(peer: Any, start_node: Any, film: Path) -> None:
    pictures, reports = peer.hear("wrist/image/compressed"), peer.hear("system_status")
    start_node("camera_node", "--view", "wrist")
    assert peer.wait(lambda: len(pictures) >= 40)
    assert fields.read_image(pictures[-1]).image.shape == (240, 320, 3)
    assert peer.wait(lambda: facts(reports, "camera_node_wrist").get("source") == str(film))
    said = facts(reports, "camera_node_wrist")
    assert said["stamps"] == "receipt"
    assert float(said["latency_ms"]) >= 10.0
    assert said["expected_hz"] == "30.0"


@pytest.mark.vendor
def test_realsense_camera_with_depth(peer: Any, start_node: Any) -> None:
    pictures, depths = peer.hear("global/image/compressed"), peer.hear("global/depth/compressed")
    reports = peer.hear("system_status")
    node = start_node("camera_node", "--view", "global")
    assert peer.wait(lambda: len(pictures) >= 20 and len(depths) >= 20)
    stamps = {fields.read_stamp(message.header.stamp) for message in pictures}
    assert len(stamps & {fields.read_stamp(message.header.stamp) for message in depths}) >= 18
    assert fields.read_depth(depths[-1], np.eye(3)).distance_mm.shape == (HEIGHT, WIDTH)
    assert peer.wait(lambda: facts(reports, "camera_node_global").get("serial") == "012345678901")
    node.send_signal(signal.SIGINT)
    assert node.wait(timeout=10.0) == 0


def test_picture_that_does_not_fit_the_calibration_is_refused(
    peer: Any, start_node: Any, run_config: RunConfig
) -> None:
    file = run_config.calibration / "wrist.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "width": 640, "height": 480}))
    pictures, reports = peer.hear("wrist/image/compressed"), peer.hear("system_status")
    start_node("camera_node", "--view", "wrist")
    assert peer.wait(lambda: len(reports) > 0)
    assert reports[0].status[0].message == "camera wrist sends 320x240, but was calibrated for 640x480"
    assert not pictures
