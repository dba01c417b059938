"""The gripper's driver against the emulated gripper in real time: convention, newest target, silence, faults."""

import selectors
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from loopback import own_address

from ros_wam.clock import StationClock
from ros_wam.drivers.robotiq import Robotiq
from ros_wam.embodiment import GripperLimits
from ros_wam.errors import DriverError, DriverUnreachable, RobotStopped, StateStale
from ros_wam.sim.emulators.plant import KinematicPlant
from ros_wam.sim.emulators.robotiq import ROBOTIQ_PORT, RobotiqServer
from ros_wam.sim.emulators.tcp import TcpPort, serve

pytestmark = pytest.mark.slow

LIMITS = GripperLimits(speed_1_s=1.7, force_n=60.0, stroke_m=0.085)
PERIOD_S = 0.004
TIMEOUT_NS = 10_000_000_000


class GripperThread:
    """An emulated gripper in real time. `do` runs something in its thread."""

    def __init__(self) -> None:
        self.address = own_address()
        self.plant = KinematicPlant(np.zeros(6))
        self.server = RobotiqServer(self.plant, LIMITS.stroke_m)
        self.selector = selectors.DefaultSelector()
        self.port = TcpPort(self.selector, self.address, ROBOTIQ_PORT, self.server.accept)
        self.port.open()
        self._asked: list[Callable[[], None]] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def do(self, action: Callable[[], None]) -> None:
        done = threading.Event()
        self._asked.append(lambda: (action(), done.set())[0])
        assert done.wait(10.0)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self.port.close()
        self.selector.close()

    def _run(self) -> None:
        clock = StationClock()
        while not self._closing.wait(PERIOD_S):
            while self._asked:
                self._asked.pop(0)()
            self.plant.step(PERIOD_S)
            serve(self.selector)
            self.server.cycle(clock.now_ns())


@pytest.fixture
def gripper() -> Iterator[GripperThread]:
    opened = GripperThread()
    yield opened
    opened.close()


@pytest.fixture
def driver(gripper: GripperThread) -> Iterator[Robotiq]:
    opened = Robotiq(gripper.address, ROBOTIQ_PORT, LIMITS, StationClock())
    opened.connect()
    yield opened
    opened.close()


def wait_until(holds: Callable[[], bool]) -> None:
    clock, pause = StationClock(), threading.Event()
    deadline_ns = clock.now_ns() + TIMEOUT_NS
    while not holds():
        assert clock.now_ns() < deadline_ns
        pause.wait(0.005)


def raises(kind: type[DriverError], driver: Robotiq) -> Callable[[], bool]:
    def holds() -> bool:
        try:
            driver.read()
        except DriverError as error:
            return isinstance(error, kind)
        return False

    return holds


def test_it_is_activated_and_zero_is_closed(gripper: GripperThread, driver: Robotiq) -> None:
    assert driver.read().position == pytest.approx(1.0)
    driver.send(0.0)
    wait_until(lambda: gripper.plant.gripper_position() == pytest.approx(0.0))
    wait_until(lambda: driver.read().position == pytest.approx(0.0))
    driver.send(3.0)
    wait_until(lambda: driver.read().position == pytest.approx(1.0))
    assert driver.read().effort == 0.0


def test_only_the_newest_target_is_sent(gripper: GripperThread, driver: Robotiq) -> None:
    gripper.do(lambda: setattr(gripper.server, "frozen", False))
    for position in np.linspace(1.0, 0.2, 500):
        driver.send(float(position))
    wait_until(lambda: gripper.plant.gripper_position() == pytest.approx(0.2, abs=0.005))


def test_it_reports_the_force_it_presses_with(gripper: GripperThread, driver: Robotiq) -> None:
    gripper.do(lambda: setattr(gripper.plant, "object_at", 0.4))
    driver.send(0.0)
    wait_until(lambda: driver.read().effort == pytest.approx(60.0))
    assert driver.read().position == pytest.approx(0.4, abs=0.01)


def test_it_moves_at_the_speed_of_the_robot_file(gripper: GripperThread, driver: Robotiq) -> None:
    driver.send(0.0)
    wait_until(lambda: driver.read().velocity < -1.0)
    wait_until(lambda: driver.read().position == pytest.approx(0.0))
    assert gripper.server.answer(["GET", "FOR"]) == f"FOR {round(40 / 215 * 255)}\n"
    assert gripper.server.answer(["GET", "SPE"]) == f"SPE {round((144.5 - 20) / 130 * 255)}\n"


def test_silence_is_stale_and_ends_when_it_answers_again(gripper: GripperThread, driver: Robotiq) -> None:
    gripper.do(lambda: setattr(gripper.server, "frozen", True))
    wait_until(raises(StateStale, driver))
    driver.send(0.5)  # does not wait
    gripper.do(lambda: setattr(gripper.server, "frozen", False))
    wait_until(lambda: not raises(StateStale, driver)())
    wait_until(lambda: driver.read().position == pytest.approx(0.5, abs=0.005))


def test_a_lost_connection_is_renewed(gripper: GripperThread, driver: Robotiq) -> None:
    gripper.do(gripper.port.close)
    wait_until(raises(StateStale, driver))
    gripper.do(gripper.port.open)
    wait_until(lambda: not raises(StateStale, driver)())


def test_a_gripper_that_lost_its_activation_stops_the_robot_until_recovered(
    gripper: GripperThread, driver: Robotiq
) -> None:
    gripper.do(lambda: gripper.server.answer(["SET", "ACT", "0"]) and None)
    wait_until(raises(RobotStopped, driver))
    driver.recover()
    assert driver.read().position == pytest.approx(1.0)


def test_nobody_there_is_told_with_address_and_port() -> None:
    address = own_address()
    with pytest.raises(DriverUnreachable, match=f"{address}:{ROBOTIQ_PORT}"):
        Robotiq(address, ROBOTIQ_PORT, LIMITS, StationClock()).connect()
