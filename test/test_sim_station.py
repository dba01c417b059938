"""The real-time loop in virtual time: rates, lateness, faults, control socket."""

import threading
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pytest

from ros_wam.calibration import load_station
from ros_wam.clock import FakeClock
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import SimError
from ros_wam.sim.emulators.emulator import ReceivedTarget
from ros_wam.sim.link import SimLink
from ros_wam.sim.robot import ArmPlant, SimRobot
from ros_wam.sim.scoring import Scorer
from ros_wam.sim.station import SLIP_NS, Station
from ros_wam.sim.world import STEP_NS, Snapshot, World
from ros_wam.task import load_task

ROOT = Path(__file__).parents[1]
EPOCH_NS = 1_700_000_000_000_000_000


class FakeEmulator:
    """Sends its arm somewhere and notes its cycles."""

    faults: tuple[str, ...] = ("freeze",)

    def __init__(self, plant: ArmPlant, rate_hz: float) -> None:
        self._plant, self.rate_hz = plant, rate_hz
        self.cycles_ns: list[int] = []
        self.injected: list[str] = []

    def start(self) -> None: ...

    def cycle(self, now_ns: int) -> None:
        self.cycles_ns.append(now_ns)
        self._plant.set_target(np.array([0.0, -1.6, 1.5, -1.5, -1.6, 0.0]))
        self._plant.set_gripper_target(0.5, 1.7, 20.0)

    def inject(self, fault: str) -> None:
        self.injected.append(fault)

    def clear(self) -> None:
        self.injected.clear()

    def received_targets(self) -> tuple[ReceivedTarget, ...]:
        return ()

    def counts(self) -> dict[str, int]:
        return {"targets": 3}

    def close(self) -> None: ...


class Album:
    """Collects what is to be photographed."""

    def __init__(self) -> None:
        self.sent: list[tuple[Snapshot, int, list[str], list[str]]] = []

    def send(self, snapshot: Snapshot, stamp_ns: int, due: Collection[str], frozen: Collection[str]) -> None:
        self.sent.append((snapshot, stamp_ns, list(due), list(frozen)))


class Bench:
    """A station under a fake clock; `ask` lets it tick while another thread waits for its answer."""

    def __init__(self, folder: Path, rate_hz: float = 125.0) -> None:
        calibration = ROOT / "calib/ur5/sim"
        self.clock, self.album = FakeClock(EPOCH_NS), Album()
        self.world = World(load_embodiment(ROOT / "robots/ur5.yaml"), calibration, "move_objects_into_box", 0)
        robot = SimRobot(self.world)
        scorer = Scorer(self.world, load_task(ROOT / "config/tasks/move_objects_into_box.yaml"))
        self.emulator = FakeEmulator(robot.plant("arm"), rate_hz)
        cameras = load_station(calibration).cameras
        self.link = SimLink(folder / "sim.sock")
        self.station = Station(robot, scorer, self.emulator, cameras, self.album, folder / "sim.sock", self.clock)

    def tick(self, count: int) -> None:
        for _ in range(count):
            self.station.tick()

    def ask(self, question: "threading.Thread") -> None:
        question.start()
        while question.is_alive():
            self.station.tick()
            question.join(0.001)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.station.close()


def ask(bench: Bench, question: object) -> list[object]:
    answers: list[object] = []

    def run() -> None:
        try:
            answers.append(question())  # type: ignore[operator]
        except SimError as error:
            answers.append(error)

    bench.ask(threading.Thread(target=run))
    return answers


def test_everything_has_its_rate(bench: Bench) -> None:
    bench.tick(500)
    assert bench.clock.now_ns() == EPOCH_NS + 500 * STEP_NS
    assert len(bench.emulator.cycles_ns) == 125
    assert set(np.diff(bench.emulator.cycles_ns)) == {8_000_000}
    assert len(bench.album.sent) == 30
    assert all(due == ["wrist", "global"] and not frozen for _, _, due, frozen in bench.album.sent)


def test_an_emulator_may_be_faster_than_the_physics(tmp_path: Path) -> None:
    bench = Bench(tmp_path, rate_hz=1000.0)
    bench.tick(100)
    bench.station.close()
    assert bench.emulator.cycles_ns == [EPOCH_NS + k * STEP_NS // 2 for k in range(1, 201)]
    assert bench.clock.now_ns() == EPOCH_NS + 100 * STEP_NS


def test_a_picture_is_stamped_when_its_state_was_true(bench: Bench) -> None:
    bench.tick(100)
    snapshot, stamp_ns, _, _ = bench.album.sent[-1]
    assert snapshot.time_ns == stamp_ns
    assert stamp_ns == EPOCH_NS + 200_000_000
    np.testing.assert_array_equal(snapshot.qpos, bench.world.data.qpos)


def test_the_emulator_drives_the_arm_and_the_gripper(bench: Bench) -> None:
    bench.tick(1000)
    np.testing.assert_allclose(bench.world.joint_position(), [0.0, -1.6, 1.5, -1.5, -1.6, 0.0, 0.5], atol=5e-3)


def test_a_late_loop_catches_up_without_dropping_a_step(bench: Bench) -> None:
    bench.tick(10)
    bench.clock.advance_ns(SLIP_NS * 9 // 10)
    bench.tick(SLIP_NS * 9 // 10 // STEP_NS + 10)
    assert bench.world.time_ns == bench.clock.now_ns() - EPOCH_NS
    assert bench.station.slipped_ns == 0
    assert len(bench.album.sent) > 2
    assert all(stamp_ns == snapshot.time_ns for snapshot, stamp_ns, _, _ in bench.album.sent), (
        "not the time of delivery"
    )
    assert set(np.diff(bench.emulator.cycles_ns)) == {8_000_000}


def test_a_very_late_loop_lets_time_slip_and_counts_it(bench: Bench) -> None:
    bench.tick(10)
    bench.clock.advance_ns(3 * SLIP_NS)
    bench.tick(100)
    assert bench.station.slipped_ns == pytest.approx(3 * SLIP_NS, abs=STEP_NS)
    snapshot, stamp_ns, _, _ = bench.album.sent[-1]
    assert abs(snapshot.time_ns - stamp_ns) <= STEP_NS


def test_reset_and_score_through_the_socket(bench: Bench) -> None:
    cube = bench.world.data.body("cube").xpos.copy()
    assert ask(bench, lambda: bench.link.reset(5)) == [None]
    assert np.linalg.norm(bench.world.data.body("cube").xpos - cube) > 1e-3
    [answer] = ask(bench, bench.link.score)
    stages, succeeded = answer  # type: ignore[misc]
    assert [stage.points for stage in stages] == [0.0] * 10
    assert not succeeded


def test_faults_reach_who_they_concern(bench: Bench) -> None:
    assert ask(bench, bench.link.faults) == [["freeze", "frozen_camera", "physics_stall"]]
    ask(bench, lambda: bench.link.inject("freeze"))
    assert bench.emulator.injected == ["freeze"]
    [refusal] = ask(bench, lambda: bench.link.inject("melt"))
    assert "there are: freeze, frozen_camera, physics_stall" in str(refusal)
    ask(bench, lambda: bench.link.inject("frozen_camera"))
    bench.tick(50)
    assert bench.album.sent[-1][3] == ["wrist", "global"]
    ask(bench, bench.link.clear)
    bench.tick(50)
    assert bench.album.sent[-1][3] == []
    assert bench.emulator.injected == []


def test_no_stamp_lies_in_the_future(bench: Bench) -> None:
    for late_ns in (0, 3_000_000, SLIP_NS // 2, SLIP_NS + 1, 5 * SLIP_NS):
        bench.clock.advance_ns(late_ns)
        for _ in range(100):
            bench.station.tick()
            stamps_ns = [*bench.emulator.cycles_ns[-1:], *(stamp_ns for _, stamp_ns, _, _ in bench.album.sent[-1:])]
            assert all(stamp_ns <= bench.clock.now_ns() for stamp_ns in stamps_ns)


def test_stalled_physics_stop_pictures_and_emulators_until_cleared(bench: Bench) -> None:
    ask(bench, lambda: bench.link.inject("physics_stall"))
    before = bench.world.time_ns, len(bench.album.sent), len(bench.emulator.cycles_ns)
    bench.tick(100)
    assert (bench.world.time_ns, len(bench.album.sent), len(bench.emulator.cycles_ns)) == before
    ask(bench, bench.link.clear)
    bench.tick(100)
    snapshot, stamp_ns, _, _ = bench.album.sent[-1]
    assert abs(snapshot.time_ns - stamp_ns) <= STEP_NS
    assert len(bench.album.sent) > before[1]
    assert bench.station.slipped_ns == 0, "it was asked for"


def test_a_closed_station_cannot_be_reached(bench: Bench) -> None:
    bench.station.close()
    with pytest.raises(SimError, match="cannot be reached"):
        bench.link.score()
