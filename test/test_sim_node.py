"""The simulator's process as a whole: reachable, alive in real time, and gone without a trace when told to stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from device_conformance import DeviceRig
from loopback import own_address
from sim_run import ur5_run
from waiting import wait_until

from ros_wam import alive
from ros_wam.cameras.sim import make_camera
from ros_wam.clock import OFFSET_VARIABLE, StationClock, station_offset_ns
from ros_wam.config import dump
from ros_wam.errors import CameraError, LeaderError, SimError
from ros_wam.sim.link import SimLink
from ros_wam.sim.time_code import decode_time_ns
from ros_wam.teleop import make_device
from ros_wam.types import FloatArray

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
VIEWS = ("wrist", "global")
PATIENCE_NS = 20_000_000_000


class SimNode:
    """The process and what a trial and its cameras use of it."""

    def __init__(self, run_dir: Path, device: str | None = None) -> None:
        task = run_dir / "mine.yaml"  # a task is known by the name in its file, not by the file's
        task.write_bytes((ROOT / "config/tasks/move_objects_into_box.yaml").read_bytes())
        self.config = ur5_run(run_dir, task=task, robot_address=own_address(), device=device)
        (run_dir / "config.yaml").write_text(dump(self.config))
        offset_ns = station_offset_ns()
        self.clock = StationClock(offset_ns)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ros_wam.nodes.sim_node", "--config", str(run_dir / "config.yaml")],
            env={**os.environ, OFFSET_VARIABLE: str(offset_ns)},
            cwd=ROOT,
        )
        self.link = SimLink(self.config.sim_socket)
        self.cameras = {
            view: make_camera(view, self.config.station().cameras[view], run_dir, self.clock) for view in VIEWS
        }

    def wait(self) -> None:
        """Return once it answers and takes pictures."""
        deadline_ns = self.clock.now_ns() + PATIENCE_NS
        while True:
            try:
                self.link.faults()
                for camera in self.cameras.values():
                    camera.open()
                    camera.read(2.0)
                return
            except (SimError, CameraError):
                assert self.process.poll() is None, "it has ended"
                assert self.clock.now_ns() < deadline_ns, "it does not answer"
                self.clock.sleep_until_ns(self.clock.now_ns() + 50_000_000)

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in tasks.split()]

    def close(self) -> None:
        for camera in self.cameras.values():
            camera.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[SimNode]:
    node = SimNode(tmp_path)
    node.wait()
    yield node
    node.close()


def test_pictures_come_in_real_time_and_their_stamps_tell_the_truth(node: SimNode) -> None:
    for camera in node.cameras.values():
        frames = [camera.read(2.0) for _ in range(30)]
        span_s = (frames[-1].stamp_ns - frames[0].stamp_ns) * 1e-9
        assert span_s == pytest.approx(29 / 30, rel=0.5)
        for frame in frames:
            assert frame.stamp_ns == decode_time_ns(frame.image) < node.clock.now_ns()


def test_lays_out_scores_and_injects(node: SimNode) -> None:
    with pytest.raises(SimError, match="seed is -1"):
        node.link.reset(-1)
    node.link.reset(3)
    stages, succeeded = node.link.score()
    assert sum(stage.max_points for stage in stages) == 10.0
    assert not succeeded
    assert {"frozen_camera", "physics_stall"} < set(node.link.faults())
    node.link.inject("physics_stall")
    with pytest.raises(CameraError):
        for _ in range(20):
            node.cameras["wrist"].read(0.3)
    node.link.clear()
    node.cameras["wrist"].read(2.0)


def test_a_stall_that_was_asked_for_is_no_loss(node: SimNode, capfd: pytest.CaptureFixture[str]) -> None:
    node.link.inject("physics_stall")
    node.clock.sleep_until_ns(node.clock.now_ns() + 1_000_000_000)
    node.link.clear()
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(10.0) == 0
    assert "late" not in capfd.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_leaves_nothing_behind(node: SimNode, number: signal.Signals, tmp_path: Path) -> None:
    assert alive.is_alive(tmp_path, "sim_node")
    (renderer,) = node.children()
    node.process.send_signal(number)
    assert node.process.wait(10.0) == 0
    assert not Path(f"/proc/{renderer}").exists()
    assert not node.config.sim_socket.exists()
    assert not alive.is_alive(tmp_path, "sim_node")


def test_killed_it_takes_its_renderer_along_and_cameras_notice(node: SimNode) -> None:
    (renderer,) = node.children()
    node.process.kill()
    node.process.wait()
    with pytest.raises(CameraError):
        for _ in range(20):
            node.cameras["wrist"].read(0.3)
    deadline_ns = node.clock.now_ns() + PATIENCE_NS
    while _runs(renderer):
        assert node.clock.now_ns() < deadline_ns
        node.clock.sleep_until_ns(node.clock.now_ns() + 10_000_000)


@pytest.mark.vendor
def test_a_hand_moves_the_leader_that_the_run_names_and_it_can_be_unplugged(tmp_path: Path) -> None:
    node = SimNode(tmp_path, "gello")
    node.wait()
    embodiment, station = node.config.embodiment(), node.config.station()
    device = make_device("gello", station, embodiment, tmp_path, node.clock)
    rig = DeviceRig(device, embodiment, node.clock)
    rig.open()
    node.link.lead({"joint1": 0.1, "gripper": 0.5}, 0.2)
    wait_until(lambda: joints(rig)[0] == pytest.approx(0.1, abs=0.004), "the hand has moved joint1")
    assert joints(rig)[6] == pytest.approx(0.5, abs=0.02)
    with pytest.raises(SimError, match="no joint joint9; there are: joint1"):
        node.link.lead({"joint9": 0.1}, 0.2)
    assert {"leader_unplugged", "leader_servo_silent"} <= set(node.link.faults())
    node.link.inject("leader_unplugged")
    deadline_ns = node.clock.now_ns() + PATIENCE_NS
    with pytest.raises(LeaderError, match="ttyDXL_gello"):
        while node.clock.now_ns() < deadline_ns:
            device.read()
    node.link.clear()
    rig.open()
    assert joints(rig)[0] == pytest.approx(0.1, abs=0.004)
    device.close()
    node.close()


def joints(rig: DeviceRig) -> FloatArray:
    position = rig.read().joints
    assert position is not None
    return position


def test_without_its_renderer_it_ends_and_says_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    node = SimNode(tmp_path)
    node.wait()
    (renderer,) = node.children()
    os.kill(renderer, signal.SIGKILL)
    assert node.process.wait(10.0) == 1
    assert "the render process has ended" in capfd.readouterr().err
    node.close()


def _runs(number: int) -> bool:
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
