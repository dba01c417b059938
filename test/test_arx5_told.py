"""What an ARX arm and its gripper are told, in virtual time, by a library that takes note of it."""

from pathlib import Path

import numpy as np
import pytest

from ros_wam.clock import FakeClock
from ros_wam.drivers.arx5 import REST_RAD, Arx5, Arx5Settings
from ros_wam.drivers.arx5_bus import LOST_NS
from ros_wam.drivers.arx5_library import ArxState
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import DriverError, DriverSpent, DriverUnreachable
from ros_wam.types import Command

ROBOT = load_embodiment(Path(__file__).parents[1] / "robots/arx5.yaml")
PERIOD_NS = 5_000_000
ROUND_NS = 2_400_000
HERE = np.array([0.0, 1.0, 0.5, 0.5, 0.0, 0.0, 0.4])
HOLDS_N = -39.0
"""What the gripper exerts while it holds something."""


class Bus:
    """Where every motor answers at once."""

    def __init__(self, clock: FakeClock, faults: dict[str, str]) -> None:
        self._clock, self.faults = clock, faults
        self.silence_ns = 0
        """How long ago the library said something to a motor."""

    @property
    def commanded_ns(self) -> int:
        return self._clock.now_ns() - self.silence_ns

    def enable(self, numbers: object) -> None:
        if self.faults:
            raise DriverUnreachable(self.fault_words())

    def fault_words(self) -> str:
        return ", ".join(f"{name}: {fault}" for name, fault in self.faults.items())

    def await_answers(self, numbers: object) -> None:
        """They are there."""

    def listen(self) -> None:
        """Nothing is to be heard."""

    def silent(self, limit_ns: int) -> dict[str, int]:
        return {}

    def listened(self, limit_ns: int) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""


class Library:
    """An ArxLibrary whose arm goes at once to `sag` below where it is told to be; of the first round it knows 0 rad."""

    motors, version = (1, 2, 4, 5, 6, 7, 8), "0"
    ec_motors: frozenset[int] = frozenset()
    effort_limit = np.array([30.0, 40.0, 30.0, 15.0, 10.0, 10.0, 85.7])

    def __init__(self, clock: FakeClock) -> None:
        self._clock, self._begin_ns = clock, clock.now_ns()
        self.position, self.velocity, self.effort, self.sag = HERE.copy(), np.zeros(7), np.zeros(7), np.zeros(7)
        self.told: list[np.ndarray] = []
        self.blocked, self.started = False, True
        self.fails: DriverSpent | None = None

    def state(self) -> ArxState:
        rounds = (self._clock.now_ns() - self._begin_ns) // ROUND_NS
        known = self.position if rounds else np.zeros(7)
        return ArxState(0.0, float(rounds), known.copy(), self.velocity.copy(), self.effort.copy())

    def command(self, position: np.ndarray) -> None:
        self.told.append(position.copy())
        if not self.blocked:
            self.position = np.append((position + self.sag)[:-1], self.position[-1])

    def start(self, interface: str) -> None:
        self.started = True

    @property
    def holds(self) -> bool:
        return bool(self.told)

    def hold(self, position: np.ndarray) -> None:
        if self.fails is not None:
            raise self.fails
        self.command(position)


class Told:
    """A driver that is connected, its library and its time."""

    def __init__(self, sag: float = 0.0) -> None:
        self.clock = FakeClock(10**12)
        self.library = Library(self.clock)
        self.library.sag[1] = sag
        self.driver = Arx5(ROBOT, Arx5Settings("can0", "L5", 5.03), self.clock)
        self.driver._library = self.library
        self.faults: dict[str, str] = {}
        self.driver._listen = lambda library: Bus(self.clock, self.faults)

    def send(self, position: np.ndarray) -> np.ndarray:
        """Do one tick; return what the driver says that it sent."""
        self.clock.advance_ns(PERIOD_NS)
        self.driver.read()
        sent: np.ndarray = self.driver.send(Command(self.clock.now_ns(), position)).position
        np.testing.assert_array_equal(self.library.told[-1], sent)
        return sent

    def turn(self, begin: np.ndarray, angle_rad: float) -> np.ndarray:
        """Send joint1 on its way at almost its limit; return where it is to be."""
        end = begin + angle_rad * (np.arange(7) == 0)
        for share in np.linspace(0.0, 1.0, round(abs(angle_rad) / 0.009)):
            self.send(begin + share * (end - begin))
        return end


@pytest.fixture
def told() -> Told:
    made = Told()
    made.driver.connect()
    return made


def test_what_the_library_knows_before_its_round_is_over_is_not_held(told: Told) -> None:
    np.testing.assert_array_equal(told.library.told, [HERE])


@pytest.mark.parametrize(("joint", "outside_rad", "inside_rad"), [(5, 2.6, 2.005), (0, -3.16, -3.145)])
def test_an_arm_outside_its_limits_is_held_only_once_it_is_turned_back(
    joint: int, outside_rad: float, inside_rad: float
) -> None:
    made = Told()
    made.library.position[joint] = outside_rad
    bounds = rf"{ROBOT.lower[joint]:.4f} … {ROBOT.upper[joint]:.4f}"
    words = rf"joint{joint + 1}: {outside_rad:.4f} rad is outside {bounds}: turn it back by hand; .*damped"
    for _ in range(2):
        with pytest.raises(DriverUnreachable, match=words):
            made.driver.connect()
    assert made.library.told == []
    made.library.position[joint] = inside_rad
    made.driver.connect()
    assert made.driver.read().position[joint] == inside_rad
    (told,) = made.library.told
    assert told[joint] == inside_rad


def test_an_arm_that_is_held_already_may_be_outside(told: Told) -> None:
    told.driver.close()
    told.library.position[5] = 2.6
    told.driver.connect()
    assert len(told.library.told) == 1


def test_no_frame_of_the_library_asks_for_power_cable_and_log(told: Told) -> None:
    bus = told.driver._bus
    assert isinstance(bus, Bus)
    bus.silence_ns = LOST_NS + 1
    with pytest.raises(DriverError, match=r"no frame .* for 500 ms: is the arm powered and .* cable in\? .* the log"):
        told.driver.read()


def test_a_loaded_arm_that_rests_is_told_nothing_to_stop() -> None:
    loaded = Told(sag=0.07)
    loaded.driver.connect()
    for _ in range(3):
        loaded.send(loaded.driver.read().position)
        before = len(loaded.library.told)
        loaded.driver.stop()
        assert len(loaded.library.told) == before


def test_to_stop_an_arm_that_moves_or_is_held_up_is_told_to_stay_where_it_is(told: Told) -> None:
    end = told.turn(HERE, 0.1)
    told.library.velocity[0] = 0.5
    told.library.position[0] -= 0.02
    told.driver.stop()
    assert told.library.told[-1][0] == pytest.approx(end[0] - 0.02)
    told.library.velocity[0] = 0.0
    begin = told.driver.read().position
    told.library.blocked = True
    told.turn(begin, REST_RAD + 0.05)
    told.driver.stop()
    assert told.library.told[-1][0] == begin[0]


def test_after_it_was_relieved_the_arm_goes_on_no_faster_than_its_limits_allow(told: Told) -> None:
    told.library.blocked = True
    end = told.turn(HERE, 0.36)
    told.library.effort[0] = 31.0
    assert told.send(end)[0] == HERE[0]
    told.library.effort[0], told.library.blocked = 0.0, False
    way = [HERE[0], *(told.send(end)[0] for _ in range(40))]
    assert 0.0 < np.diff(way).max() < 1.1 * ROBOT.velocity[0] * ROBOT.period_s
    assert way[-1] == end[0]


def test_over_current_that_comes_back_at_the_end_of_its_way_is_told(told: Told) -> None:
    told.library.blocked = True
    end = told.turn(HERE, 0.36)
    told.library.effort[0] = 31.0
    told.send(end)
    told.library.effort[0] = 0.0
    for _ in range(40):  # longer than what is calm
        told.send(end)
    told.library.effort[0] = 31.0
    with pytest.raises(DriverError, match=r"over-current: joint1 presses with 31.0 N m"):
        told.send(end)


def test_the_grip_outlasts_a_stop_in_which_the_arm_is_relieved(told: Told) -> None:
    closed = np.append(HERE[:-1], 0.0)
    told.library.effort[-1] = HOLDS_N
    told.send(closed)
    told.driver.stop()
    told.library.effort[0] = 31.0
    told.clock.advance_ns(PERIOD_NS)
    told.driver.read()
    np.testing.assert_array_equal(told.library.told[-1], closed)
    told.library.effort[0] = 0.0
    assert told.send(HERE)[-1] == 0.0  # it presses on, and says so
    assert told.send(np.append(HERE[:-1], 0.8))[-1] == 0.8


def test_a_library_that_is_spent_while_it_connects_leaves_no_link() -> None:
    spent = Told()
    spent.library.fails = DriverSpent("no gains")
    with pytest.raises(DriverSpent, match="no gains"):
        spent.driver.connect()
    with pytest.raises(DriverError, match="not connected"):
        spent.driver.read()


def test_a_motor_that_goes_off_after_the_start_is_told_and_the_others_hold() -> None:
    off = Told()
    off.faults["motor 5 (joint4)"] = "off"
    with pytest.raises(DriverError, match=r"motor 5 \(joint4\): off"):
        off.driver.connect()
    off.faults.clear()
    with pytest.raises(DriverSpent, match="only a new process"):
        off.driver.connect()
    np.testing.assert_array_equal(off.library.told, [HERE])


def test_while_a_motor_is_not_well_the_library_is_not_started_and_may_be_later() -> None:
    off = Told()
    off.library.started = False
    off.faults["motor 5 (joint4)"] = "overload"
    for _ in range(2):
        with pytest.raises(DriverUnreachable, match="overload"):
            off.driver.connect()
        assert not off.library.started
    off.faults.clear()
    off.driver.connect()
    np.testing.assert_array_equal(off.library.told, [HERE])
