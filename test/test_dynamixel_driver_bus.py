"""The thread of a servo bus whose port misbehaves: it hangs, fails, is starved. No vendor library, no line."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from ros_wam.clock import StationClock
from ros_wam.drivers import dynamixel_bus, dynamixel_setup
from ros_wam.drivers.dynamixel_bus import DynamixelBus
from ros_wam.drivers.dynamixel_port import Answers
from ros_wam.drivers.dynamixel_servos import JOINTS, MIDDLE, NUMBERS, TABLE_SIZE
from ros_wam.errors import DriverError, DriverSpent, DriverUnreachable, StateStale

PATIENCE_S = 10.0


class Clock(StationClock):
    """The station's, `ahead_ns` of it."""

    ahead_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.ahead_ns

    def sleep_until_ns(self, deadline_ns: int) -> None:
        super().sleep_until_ns(deadline_ns - self.ahead_ns)


class Port:
    """Answers zeros. What is in `fails` is raised by the next reading; readings wait while `free` is not set."""

    def __init__(self) -> None:
        self.free, self.waits = threading.Event(), threading.Event()
        self.free.set()
        self.fails: Exception | None = None
        self.is_open = True

    def read(self, numbers: Sequence[int], address: int, size: int, patience_s: float = 0.0) -> Answers:
        if not self.free.is_set():
            self.waits.set()
            self.free.wait(PATIENCE_S)
        if self.fails is not None:
            raise self.fails
        answers = Answers()
        answers.update({number: bytes([1] * size) for number in numbers})  # torque on, no error: no stop is seen
        return answers

    read_surely = read

    def write_all(self, *_: object) -> None: ...

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Port:
    made = Port()
    monkeypatch.setattr(dynamixel_bus, "DynamixelPort", lambda *_: made)
    monkeypatch.setattr(dynamixel_setup, "survey", lambda *_: dict.fromkeys(NUMBERS, bytes(TABLE_SIZE)))
    monkeypatch.setattr(dynamixel_setup, "require_eeprom", lambda *_: None)
    monkeypatch.setattr(dynamixel_setup, "prepare", lambda *_: {servo.number: MIDDLE for servo in JOINTS})
    monkeypatch.setattr(dynamixel_setup, "stop_reason", lambda *_: None)
    monkeypatch.setattr(dynamixel_bus, "JOIN_TIMEOUT_S", 0.05)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bus(port: Port, clock: Clock) -> Iterator[DynamixelBus]:
    made = DynamixelBus("left", "/dev/l", 200, [84] * 7, clock)
    yield made
    port.fails = None
    port.free.set()
    made.close()


def until_lost(bus: DynamixelBus, words: str) -> None:
    threads = [thread for thread in threading.enumerate() if thread.name == "dynamixel-left"]
    for thread in threads:
        thread.join(PATIENCE_S)
    with pytest.raises(DriverError, match=words):
        bus.read()


def test_a_thread_that_hangs_keeps_its_port_and_spends_the_driver(bus: DynamixelBus, port: Port) -> None:
    bus.connect()
    port.free.clear()
    assert port.waits.wait(PATIENCE_S)
    bus.close()
    assert port.is_open
    for again in (bus.connect, bus.recover):
        with pytest.raises(DriverSpent, match="/dev/l"):
            again()
    port.free.set()
    for thread in threading.enumerate():
        if thread.name == "dynamixel-left":
            thread.join(PATIENCE_S)
    bus.connect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_fails_unexpectedly_is_told(bus: DynamixelBus, port: Port) -> None:
    bus.connect()
    port.fails = ValueError("what the vendor's library makes of nonsense")
    until_lost(bus, "its thread failed")


def test_a_bus_that_is_lost_at_once_is_not_connected(bus: DynamixelBus, port: Port) -> None:
    port.fails = DriverError("it is gone")
    with pytest.raises(DriverUnreachable, match="it is gone"):
        bus.connect()
    assert not port.is_open and "dynamixel-left" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(DriverError):
        bus.recover()
    assert "dynamixel-left" not in [thread.name for thread in threading.enumerate()]


def test_a_thread_that_is_not_run_loses_no_arm(bus: DynamixelBus, port: Port, clock: Clock) -> None:
    bus.connect()
    port.free.clear()
    assert port.waits.wait(PATIENCE_S)
    clock.ahead_ns += 1_000_000_000
    for _ in range(3):
        with pytest.raises(StateStale, match="does not run"):
            bus.read()
    bus.require_link()
    before = bus.reads
    port.free.set()
    while bus.reads < before + 3:
        clock.sleep_until_ns(clock.now_ns() + 1_000_000)
    bus.require_link()


def test_a_thread_that_never_goes_on_is_lost(bus: DynamixelBus, port: Port, clock: Clock) -> None:
    bus.connect()
    port.free.clear()
    assert port.waits.wait(PATIENCE_S)
    clock.ahead_ns += 3_000_000_000
    with pytest.raises(DriverError, match="its thread did nothing"):
        bus.read()
