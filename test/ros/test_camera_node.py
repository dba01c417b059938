"""camera_node over real DDS: pictures stamped at capture, intrinsics for late joiners, a frozen camera falls silent."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ros_wam import fields
from ros_wam.run_config import RunConfig
from ros_wam.sim.frames import FrameWriter

PERIOD_S = 1.0 / 30.0


class Simulator:
    """Writes a picture 30 times a second; its shade counts, unless it is frozen."""

    def __init__(self, config: RunConfig, clock: Any) -> None:
        self.frozen = False
        self._clock = clock
        self._stop = threading.Event()
        self._writer = FrameWriter(config.run_dir, "wrist", 320, 240)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._writer.close()

    def _run(self) -> None:
        shade = 0
        while not self._stop.wait(PERIOD_S):
            shade = shade if self.frozen else (shade + 1) % 200
            self._writer.write(np.full((240, 320, 3), shade, np.uint8), self._clock.now_ns())


@pytest.fixture
def simulator(peer: Any, run_config: RunConfig) -> Iterator[Simulator]:
    simulator = Simulator(run_config, peer.clock)
    yield simulator
    simulator.close()


def test_pictures_come_stamped_and_stop_when_the_camera_freezes(peer: Any, start_node: Any, simulator: Any) -> None:
    pictures, reports = peer.hear("wrist/image/compressed"), peer.hear("system_status")
    start_node("camera_node", "--view", "wrist")
    assert peer.wait(lambda: len(pictures) >= 10)
    frames = [fields.read_image(message) for message in pictures]
    assert all(frame.view == "wrist" and frame.image.shape == (240, 320, 3) for frame in frames)
    gaps_s = np.diff([frame.stamp_ns for frame in frames]) * 1e-9
    assert (gaps_s > 0.0).all()
    assert abs(peer.clock.now_ns() - frames[-1].stamp_ns) < 1e9
    info = peer.hear("wrist/camera_info")  # joined late
    assert peer.wait(lambda: len(info) == 1)
    assert (info[0].width, info[0].height) == (320, 240)

    simulator.frozen = True
    assert peer.wait(lambda: any("frozen" in message.status[0].message for message in reports))
    peer.wait(lambda: False, timeout_s=0.2)  # what was on its way when the report came
    pictures.clear()
    assert not peer.wait(lambda: len(pictures) > 0, timeout_s=0.3)
    simulator.frozen = False
    assert peer.wait(lambda: len(pictures) > 0)
    assert peer.wait(lambda: reports[-1].status[0].message == "delivers pictures")


def test_camera_that_is_not_there_yet_is_waited_for(peer: Any, start_node: Any, run_config: RunConfig) -> None:
    pictures, reports = peer.hear("wrist/image/compressed"), peer.hear("system_status")
    start_node("camera_node", "--view", "wrist")
    assert peer.wait(lambda: len(reports) > 0)
    assert "serves no view 'wrist'" in reports[0].status[0].message
    simulator = Simulator(run_config, peer.clock)
    try:
        assert peer.wait(lambda: len(pictures) > 0)
    finally:
        simulator.close()


def test_unknown_view_is_an_error(start_node: Any) -> None:
    assert start_node("camera_node", "--view", "side").wait(20.0) == 1
