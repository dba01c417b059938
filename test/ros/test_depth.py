"""Depth over real DDS: from a camera that measures it to the policy that needs it, beside the picture of its moment."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fake_policy import UR5, FakePolicy, frame, state

from ros_wam import fields, share
from ros_wam.clock import StationClock
from ros_wam.config import dump
from ros_wam.policy.server import PolicyServer
from ros_wam.run_config import RunConfig
from ros_wam.sim.frames import FrameWriter
from ros_wam.types import DepthImage

PERIOD_S = 1.0 / 30.0
MATRIX = np.eye(3)


@pytest.fixture
def run_config(run_config: RunConfig, tmp_path: Path) -> RunConfig:
    """The simulated UR5, whose wrist camera measures depth."""
    calibration = tmp_path / "calib"
    shutil.copytree(run_config.calibration, calibration)
    station = yaml.safe_load((calibration / "station.yaml").read_text())
    station["cameras"]["wrist"]["depth"] = True
    (calibration / "station.yaml").write_text(yaml.safe_dump(station))
    config = replace(run_config, calibration=calibration)
    (tmp_path / "config.yaml").write_text(dump(config))
    return config


@pytest.fixture
def simulator(run_config: RunConfig, peer: Any) -> Iterator[None]:
    """Writes a picture 30 times a second; its shade counts, and its depth is 1000 mm and the shade."""
    writer, stop = FrameWriter(run_config.run_dir, "wrist", 320, 240, deep=True), threading.Event()

    def film() -> None:
        shade = 0
        while not stop.wait(PERIOD_S):
            shade = (shade + 1) % 200
            depth = DepthImage(np.full((240, 320), 1000 + shade, np.uint16), MATRIX)
            writer.write(np.full((240, 320, 3), shade, np.uint8), peer.clock.now_ns(), depth)

    thread = threading.Thread(target=film)
    thread.start()
    yield
    stop.set()
    thread.join()
    writer.close()


def test_depth_is_published_with_the_stamp_of_its_picture(peer: Any, start_node: Any, simulator: None) -> None:
    pictures, depths = peer.hear("wrist/image/compressed"), peer.hear("wrist/depth/compressed")
    reports = peer.hear("system_status")
    start_node("camera_node", "--view", "wrist")
    assert peer.wait(lambda: len(pictures) >= 40 and len(depths) >= 40)
    seen = {fields.read_stamp(message.header.stamp): fields.read_image(message) for message in pictures}
    pairs = 0
    for message in depths:
        picture = seen.get(fields.read_stamp(message.header.stamp))
        if picture is not None:
            pairs += 1
            distance_mm = fields.read_depth(message, MATRIX).distance_mm
            assert message.format.startswith("16UC1; png")
            assert abs(int(distance_mm[0, 0]) - 1000 - int(picture.image[0, 0, 0])) <= 1  # JPEG may err by one
    assert pairs >= 30
    assert peer.wait(lambda: len(reports) >= 2)
    values = fields.read_diagnostics(reports[-1])[1][0].values
    assert float(values["rate_hz"]) > 10.0
    assert float(values["latency_ms"]) < 1000.0
    assert values["repeated"] == "0"


def test_policy_is_given_the_depth_of_the_pictures_that_it_sees(
    peer: Any, start_node: Any, simulator: None, run_config: RunConfig, tmp_path: Path
) -> None:
    profile = yaml.safe_load(share.find("config/policies", "baseline").read_text())
    profile["request"]["depth"] = [{"view": "wrist", "at": "depth", "camera_matrix_at": "matrix"}]
    (tmp_path / "deep.yaml").write_text(yaml.safe_dump(profile))
    policy = FakePolicy()
    policy.answer = lambda request: {"actions": np.tile(UR5.home_position, (30, 1))}
    with PolicyServer(policy, "127.0.0.1", 0, StationClock()) as server:
        config = replace(run_config, policy=tmp_path / "deep.yaml", policy_url=server.url)
        (tmp_path / "config.yaml").write_text(dump(config))
        start_node("camera_node", "--view", "wrist")
        start_node("policy_node")
        peer.node.create_timer(0.008, lambda: _joint_states(peer))
        peer.node.create_timer(PERIOD_S, lambda: _global_picture(peer))
        heard = peer.hear("policy_status")
        assert peer.wait(lambda: any(_state(message) == "ready" for message in heard), timeout_s=40.0)
        peer.publish("trial_command", fields.json_object({"verb": "start", "episode": "001", "prompt": "tidy up"}))
        assert peer.wait(lambda: len(policy.requests) >= 2, timeout_s=40.0)
    for request in policy.requests:
        depth, shade = np.asarray(request["depth"]), request["observation/wrist_image"][120, 160, 0]
        assert depth.shape == (240, 320)
        assert abs(int(depth[0, 0]) - 1000 - int(shade)) <= 1
        assert np.asarray(request["matrix"])[0, 0] == pytest.approx(_calibrated_fx(run_config))


def _joint_states(peer: Any) -> None:
    measured = state(peer.clock.now_ns(), UR5.home_position)
    peer.publish("joint_states", fields.joint_state(measured, UR5.joint_names))


def _global_picture(peer: Any) -> None:
    peer.publish("global/image/compressed", fields.image(frame("global", peer.clock.now_ns())))


def _state(message: Any) -> str:
    return str(fields.read_diagnostics(message)[1][0].values.get("state", ""))


def _calibrated_fx(config: RunConfig) -> float:
    return float(yaml.safe_load((config.calibration / "wrist.yaml").read_text())["fx"])
