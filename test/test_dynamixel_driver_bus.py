"""The thread of a servo bus whose port misbehaves: it hangs, fails, is starved. No vendor library, no line."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from fake_dynamixel_port import PATIENCE_S, Port
from waiting import wait_until

from ros_wam.clock import StationClock
from ros_wam.drivers import dynamixel_bus, dynamixel_setup
from ros_wam.drivers.dynamixel_bus import DynamixelBus
from ros_wam.drivers.dynamixel_servos import (
    JOINTS,
    MIDDLE,
    NUMBERS,
    TABLE_SIZE,
    TICKS_PER_RAD,
    TORQUE,
)
from ros_wam.drivers.dynamixel_state import BEGIN
from ros_wam.errors import DriverError, DriverSpent, DriverUnreachable, StateStale


class Clock(StationClock):
    """The station's, `ahead_ns` of it."""

    ahead_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.ahead_ns

    def sleep_until_ns(self, deadline_ns: int) -> None:
        super().sleep_until_ns(deadline_ns - self.ahead_ns)


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


AHEAD = np.append(np.full(6, 0.04), 0.0)
TICKS = MIDDLE + round(0.04 * TICKS_PER_RAD)


def asked(bus: DynamixelBus, port: Port) -> None:
    """A goal waits while the thread reads."""
    bus.connect()
    port.free.clear()
    assert port.waits.wait(PATIENCE_S)
    bus.send(AHEAD)


def after(bus: DynamixelBus, port: Port, readings: int = 3) -> list[int | dict[int, int]]:
    """Let the thread go on; return what it did in so many readings."""
    reads, done = bus.reads, len(port.done)
    port.free.set()
    wait_until(lambda: bus.reads >= reads + readings, "the bus is read")
    return port.done[done:]


def test_a_goal_that_waits_is_written(bus: DynamixelBus, port: Port) -> None:
    asked(bus, port)
    assert {number: goal for each in after(bus, port) if isinstance(each, dict) for number, goal in each.items()} == {
        **dict.fromkeys([1, 2, 4, 6, 7, 8], TICKS),
        9: MIDDLE,
    }


def test_a_stop_forgets_the_goal_that_waits(bus: DynamixelBus, port: Port) -> None:
    asked(bus, port)
    bus.stop()
    after(bus, port)
    assert port.goals == []


def test_a_stop_that_comes_while_no_state_is_fresh_is_done_with_the_next(
    bus: DynamixelBus, port: Port, clock: Clock
) -> None:
    port.velocity = 100
    asked(bus, port)
    after(bus, port)
    port.free.clear()
    port.waits.clear()
    assert port.waits.wait(PATIENCE_S)
    clock.ahead_ns += 100_000_000
    bus.stop()
    after(bus, port)
    assert port.goals[1:] == [dict.fromkeys([1, 2, 4, 6, 7, 8, 9], MIDDLE)]


def test_a_thread_that_was_late_looks_before_it_writes_and_forgets_an_old_goal(
    bus: DynamixelBus, port: Port, clock: Clock
) -> None:
    asked(bus, port)
    clock.ahead_ns += 1_000_000_000
    done = after(bus, port)
    assert done[0] == BEGIN and done[1] == TORQUE.address
    assert port.goals == []


@pytest.mark.parametrize(("silent", "other"), [(4, 5), (5, 4)])
def test_servos_of_one_joint_are_not_set_at_odds(bus: DynamixelBus, port: Port, silent: int, other: int) -> None:
    bus.connect()
    bus.send(AHEAD)
    wait_until(lambda: len(port.goals) == 1, "a goal is written")
    after(bus, port)
    port.missing = {silent}
    wait_until(lambda: len(port.goals) == 2, "the other servo is sent to what both have heard")
    assert port.goals[1] == {other: TICKS}
    bus.send(2 * AHEAD)
    wait_until(lambda: len(port.goals) == 3, "the other joints go on")
    assert set(port.goals[2]) == {1, 2, 6, 7, 8, 9}
    port.missing = set()
    after(bus, port)
    bus.send(2 * AHEAD)
    wait_until(lambda: len(port.goals) == 4, "all are well")
    assert set(port.goals[3]) == {1, 2, 4, 6, 7, 8, 9}


def test_a_stop_reaches_a_joint_of_which_one_answer_failed(bus: DynamixelBus, port: Port) -> None:
    def stop() -> None:
        port.missing = set()
        bus.stop()

    port.velocity = 100
    asked(bus, port)
    after(bus, port)
    port.when_missing = stop
    port.missing = {4}
    wait_until(lambda: len(port.goals) == 3, "a stop is written twice")
    assert port.goals[1:] == [dict.fromkeys(numbers, MIDDLE) for numbers in ([1, 2, 6, 7, 8, 9], [1, 2, 4, 6, 7, 8, 9])]
    bus.stop()
    after(bus, port)
    assert len(port.goals) == 3


def test_a_stop_does_not_move_a_joint_that_was_not_sent_where_the_others_were(bus: DynamixelBus, port: Port) -> None:
    bus.connect()
    port.missing = {4}
    wait_until(lambda: port.goals == [{5: MIDDLE}], "the elbow is known to be silent")
    bus.send(2 * AHEAD)
    wait_until(lambda: len(port.goals) == 2, "the other joints go on")
    port.missing = set()
    after(bus, port)
    bus.stop()
    after(bus, port)
    assert port.goals[2][1] > MIDDLE and port.goals[2][4] == MIDDLE  # 0.05 of the 0.08 rad that they rest off goal


def test_when_one_servo_has_stopped_the_others_hold(
    bus: DynamixelBus, port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    port.velocity = 100
    asked(bus, port)
    after(bus, port)
    monkeypatch.setattr(dynamixel_setup, "stop_reason", lambda *_: "overload")
    wait_until(lambda: bus.stopped is not None, "the stop is seen")
    after(bus, port)
    assert len(port.goals) == 2
    assert port.goals[1] == dict.fromkeys([1, 2, 4, 6, 7, 8, 9], MIDDLE)
    port.missing = {4}
    wait_until(lambda: port.silent > 10, "a servo has fallen silent as well")
    assert len(port.goals) == 2  # and its partner stays where it holds
