"""The scene's two keepers: the simulator, asked over its socket by a thread, and the operator."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ros_wam.causes import Cause
from ros_wam.errors import SimError
from ros_wam.sim.control_socket import ControlSocket
from ros_wam.sim.link import score_fields
from ros_wam.trial.scene import OperatorScene, SimScene
from ros_wam.types import Stage

TIMEOUT_S = 10.0


class Simulator:
    """A control socket served by a thread."""

    def __init__(self, path: Path) -> None:
        self.seeds: list[int] = []
        self.achieved = False
        self.refuses = False
        self.turn = threading.Condition()
        self._socket = ControlSocket(path, {"reset": self._reset, "score": self._score})
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.002):
            self._socket.serve()
            with self.turn:
                self.turn.notify_all()

    def _reset(self, seed: int) -> dict[str, object]:
        self.seeds.append(seed)
        return {}

    def _score(self) -> dict[str, object]:
        if self.refuses:
            raise SimError("the world is not finite")
        return score_fields((Stage("all", 10.0 * self.achieved, 10.0),), self.achieved)

    def until(self, holds: Callable[[], bool]) -> bool:
        """Wait until `holds()`, at most `TIMEOUT_S`."""
        with self.turn:
            return self.turn.wait_for(holds, TIMEOUT_S)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path / "sim.sock")
    yield simulator
    simulator.close()


@pytest.fixture
def scene(simulator: Simulator, tmp_path: Path) -> Iterator[SimScene]:
    scene = SimScene(tmp_path / "sim.sock")
    yield scene
    scene.close()


def test_the_simulator_lays_out_and_scores(simulator: Simulator, scene: SimScene) -> None:
    scene.reset(7)
    assert simulator.until(scene.reset_done)
    assert scene.fault() is None
    assert simulator.seeds == [7]
    assert scene.score() == ((Stage("all", 0.0, 10.0),), False)
    simulator.achieved = True
    assert simulator.until(lambda: scene.score()[1])


def test_an_old_score_does_not_outlive_a_reset(simulator: Simulator, scene: SimScene) -> None:
    simulator.achieved = True
    scene.reset(1)
    assert simulator.until(lambda: scene.reset_done() and scene.score()[1])
    simulator.achieved = False
    scene.reset(2)
    assert not scene.reset_done() or scene.score() == ((Stage("all", 0.0, 10.0),), False)
    assert simulator.until(scene.reset_done)
    assert not scene.score()[1]


def test_a_simulator_that_refuses_is_a_fault_until_it_answers(simulator: Simulator, scene: SimScene) -> None:
    assert simulator.until(lambda: bool(scene.score()[0]))
    simulator.refuses = True
    assert simulator.until(lambda: scene.fault() == (Cause.SIMULATION_FAILED, "the world is not finite"))
    simulator.refuses = False
    assert simulator.until(lambda: scene.fault() is None)


def test_no_simulator_is_a_fault_not_a_wait(tmp_path: Path) -> None:
    scene = SimScene(tmp_path / "nothing.sock")
    scene.reset(1)
    waited, rounds = threading.Event(), range(round(TIMEOUT_S / 0.01))
    assert any("cannot be reached" in str(scene.fault()) or waited.wait(0.01) for _ in rounds)
    fault = scene.fault()
    scene.close()
    assert fault is not None and fault[0] is Cause.NOT_READY, "it may still be starting"
    assert not scene.reset_done()


def test_a_real_table_asks_nothing_of_the_robot_and_scores_nothing() -> None:
    scene = OperatorScene()
    scene.reset(1)
    assert scene.reset_done() and not scene.robot_first, "the trial itself waits for the operator"
    assert scene.score() == ((), False)
    assert scene.fault() is None
