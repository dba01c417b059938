"""The render process itself: pictures of what it is sent, repeated when frozen, gone when it is."""

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from sim_run import ur5_run

from ros_wam.calibration import CameraStation, load_view
from ros_wam.cameras.sim import SimCamera
from ros_wam.clock import StationClock
from ros_wam.config import dump
from ros_wam.errors import CameraError, SimError
from ros_wam.sim.render_process import RenderProcess
from ros_wam.sim.time_code import decode_time_ns
from ros_wam.sim.world import Snapshot, World
from ros_wam.types import CameraFrame

pytestmark = pytest.mark.slow  # it takes a second to start

ROOT = Path(__file__).parents[1]
VIEWS = ("wrist", "global")
SETTINGS = CameraStation("sim", latency_s=0.0, rate_hz=30.0)


def deep_wrist(folder: Path) -> Path:
    """Return a copy of the simulated station's calibration in which the wrist camera measures depth."""
    calibration = folder / "calib"
    shutil.copytree(ROOT / "calib/ur5/sim", calibration)
    station = yaml.safe_load((calibration / "station.yaml").read_text())
    station["cameras"]["wrist"]["depth"] = True
    (calibration / "station.yaml").write_text(yaml.safe_dump(station))
    return calibration


class Studio:
    """A render process with a camera on each view."""

    def __init__(self, run_dir: Path) -> None:
        task = ROOT / "config/tasks/move_objects_into_box.yaml"
        config = replace(ur5_run(run_dir, task=task), calibration=deep_wrist(run_dir))
        (run_dir / "config.yaml").write_text(dump(config))
        self.world = World(config.embodiment(), config.calibration, task.stem, 0)
        self.process = RenderProcess(run_dir / "config.yaml", VIEWS)
        self._cameras = {view: SimCamera(view, SETTINGS, run_dir, StationClock(0)) for view in VIEWS}
        self._stamp_ns = 0

    def open(self) -> None:
        """Return once the process takes pictures."""
        for camera in self._cameras.values():
            for _ in range(100):
                self.process.send(self.world.snapshot(), 1, [], [])
                try:
                    camera.open()
                    break
                except CameraError:
                    StationClock(0).sleep_until_ns(StationClock(0).now_ns() + 100_000_000)

    def take(self, frozen: tuple[str, ...] = (), snapshot: Snapshot | None = None) -> dict[str, CameraFrame]:
        """Take one picture with each camera."""
        self._stamp_ns += 1000
        self.process.send(snapshot or self.world.snapshot(), self._stamp_ns, VIEWS, frozen)
        return {view: camera.read(5.0) for view, camera in self._cameras.items()}

    def close(self) -> None:
        for camera in self._cameras.values():
            camera.close()
        self.process.close()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    studio = Studio(tmp_path)
    studio.open()
    yield studio
    studio.close()


def test_takes_what_it_is_sent_and_repeats_what_is_frozen(studio: Studio) -> None:
    for _ in range(3):
        studio.world.step(10)
        frames = studio.take()
        assert {decode_time_ns(frame.image) for frame in frames.values()} == {studio.world.time_ns}
        assert {frame.stamp_ns for frame in frames.values()} == {studio._stamp_ns}
    studio.world.step(10)
    frozen = studio.take(frozen=("wrist",))
    np.testing.assert_array_equal(frozen["wrist"].image, frames["wrist"].image)
    assert frozen["wrist"].stamp_ns > frames["wrist"].stamp_ns
    assert decode_time_ns(frozen["global"].image) == studio.world.time_ns


def test_depth_is_of_the_picture_and_only_of_the_view_that_has_it(studio: Studio) -> None:
    frames = studio.take()
    wrist = frames["wrist"].depth
    assert wrist is not None
    assert wrist.distance_mm.shape == frames["wrist"].image.shape[:2]
    assert 50 < np.median(wrist.distance_mm) < 2000  # the table below the wrist
    np.testing.assert_array_equal(wrist.camera_matrix, load_view(ROOT / "calib/ur5/sim", "wrist").camera_matrix)
    assert frames["global"].depth is None
    frozen = studio.take(frozen=("wrist",))["wrist"].depth
    assert frozen is not None
    np.testing.assert_array_equal(frozen.distance_mm, wrist.distance_mm)


def test_its_death_is_noticed(studio: Studio) -> None:
    os.kill(studio.process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, studio.process.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(SimError, match="render process has ended with status -9"):
        studio.process.send(studio.world.snapshot(), 1, VIEWS, ())


def test_what_keeps_it_from_rendering_is_told(tmp_path: Path) -> None:
    task = tmp_path / "task.yaml"
    text = (ROOT / "config/tasks/move_objects_into_box.yaml").read_text()
    task.write_text(text.replace("name: move_objects_into_box", "name: tidy_up"))
    config = ur5_run(tmp_path, task=task)
    (tmp_path / "config.yaml").write_text(dump(config))
    process, clock = RenderProcess(tmp_path / "config.yaml", VIEWS), StationClock(0)
    deadline_ns = clock.now_ns() + 30_000_000_000
    with pytest.raises(SimError, match="ended with status 1: task 'tidy_up' cannot be simulated"):
        while clock.now_ns() < deadline_ns:
            process.send(Snapshot(0, np.zeros(1)), 1, VIEWS, ())
            clock.sleep_until_ns(clock.now_ns() + 10_000_000)


def test_it_ends_with_its_files_when_hung_up(studio: Studio, tmp_path: Path) -> None:
    studio.take()
    studio.process.close()
    assert list((tmp_path / "frames").rglob("frame")) == []
    assert not Path(f"/proc/{studio.process.pid}").exists()
