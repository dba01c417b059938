"""The emulated Robotiq gripper: words, activation, positions in counts, objects between the fingers."""

import numpy as np
import pytest

from ros_wam.sim.emulators.plant import KinematicPlant
from ros_wam.sim.emulators.robotiq import RobotiqServer

PERIOD_S = 0.008


class Gripper:
    """A server with a kinematic plant and a virtual clock."""

    def __init__(self) -> None:
        self.plant = KinematicPlant(np.zeros(6))
        self.server = RobotiqServer(self.plant, 0.085)
        self.now_ns = 1

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / PERIOD_S)):
            self.now_ns += round(PERIOD_S * 1e9)
            self.plant.step(PERIOD_S)
            self.server.cycle(self.now_ns)

    def ask(self, line: str) -> str:
        return self.server.answer(line.split())

    def get(self, name: str) -> int:
        word, value = self.ask(f"GET {name}").split()
        assert word == name
        return int(value)


@pytest.fixture
def gripper() -> Gripper:
    opened = Gripper()
    opened.run(0.1)
    return opened


@pytest.fixture
def active(gripper: Gripper) -> Gripper:
    assert gripper.ask("SET ACT 1 GTO 1") == "ack"
    gripper.run(1.0)
    return gripper


def test_activation_takes_time_and_begins_at_reset(gripper: Gripper) -> None:
    assert gripper.get("STA") == 0 and gripper.get("FLT") == 5
    gripper.ask("SET ACT 1")
    assert gripper.get("STA") == 1
    gripper.run(1.0)
    assert gripper.get("STA") == 3 and gripper.get("FLT") == 0
    gripper.ask("SET ACT 0")
    assert gripper.get("STA") == 0


@pytest.mark.parametrize(("counts", "opening"), [(0, 1.0), (255, 0.0), (51, 0.8)])
def test_zero_is_open_and_255_is_closed(active: Gripper, counts: int, opening: float) -> None:
    assert active.ask(f"SET POS {counts} SPE 255 FOR 255 GTO 1") == "ack"
    active.run(2.0)
    assert active.plant.gripper_position() == pytest.approx(opening)
    assert active.get("POS") == active.get("PRE") == counts
    assert active.get("OBJ") == 3


def test_an_object_between_the_fingers_stops_it(active: Gripper) -> None:
    active.plant.object_at = 0.5
    active.ask("SET POS 255")
    active.run(0.016)
    assert active.get("OBJ") == 0
    active.run(3.0)
    assert active.get("OBJ") == 2 and active.get("POS") == 128


def test_without_its_go_it_stays_where_it_is(active: Gripper) -> None:
    active.ask("SET POS 255 SPE 0")
    active.run(0.5)
    assert active.ask("SET GTO 0") == "ack"
    where = active.plant.gripper_position()
    active.run(1.0)
    assert 0.8 < active.plant.gripper_position() == pytest.approx(where, abs=1e-3)
    active.ask("SET GTO 1")
    active.run(0.2)
    assert active.plant.gripper_position() < where - 0.01


def test_speed_follows_the_request(active: Gripper) -> None:
    active.ask("SET POS 255 SPE 0")
    active.run(1.0)
    assert 1.0 - active.plant.gripper_position() == pytest.approx(0.020 / 0.085, rel=0.02)


def test_it_does_not_move_before_it_is_active_or_without_go_to(gripper: Gripper) -> None:
    gripper.ask("SET POS 255 GTO 1")
    gripper.run(1.0)
    assert gripper.plant.gripper_position() == 1.0
    gripper.ask("SET ACT 1 GTO 0")
    gripper.run(1.0)
    gripper.ask("SET POS 255")
    gripper.run(1.0)
    assert gripper.plant.gripper_position() == 1.0


@pytest.mark.parametrize("line", ["GET NONE", "SET POS 256", "SET POS -1", "SET POS", "SET STA 3", "HELLO", "", "SET"])
def test_what_it_does_not_know_changes_nothing(active: Gripper, line: str) -> None:
    before = {name: active.get(name) for name in ("POS", "PRE", "STA", "SPE")}
    assert active.ask(line) == "?\n"
    assert before == {name: active.get(name) for name in before}
