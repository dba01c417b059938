"""Hearing the motors beside the library, and what the driver says before it touches either."""

import select
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from ros_wam.clock import FakeClock
from ros_wam.drivers import driver_module
from ros_wam.drivers.arx5_bus import GAP_NS, MotorBus, open_can
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import ConfigError, DriverError, DriverUnreachable

FRAME = struct.Struct("=IB3x8s")
NAMES = {1: "motor 1 (joint1)", 5: "motor 5 (joint4)"}
MS = 1_000_000
SETTINGS = {"interface": "can0", "model": "L5", "gripper_open_rad": 5.03}


class Wire:
    """A bus, and the other end of its socket."""

    def __init__(self) -> None:
        self.clock = FakeClock(10**12)
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.bus = MotorBus(theirs, "can0", NAMES, {1}, self.clock)

    def says(self, identifier: int, first: int) -> None:
        self.link.send(FRAME.pack(identifier, 8, bytes([first]) + bytes(7)))

    def pass_ms(self, count: int, motors: tuple[int, ...] = ()) -> None:
        """Let milliseconds pass, in each of which somebody listens and these motors answer."""
        for _ in range(count):
            self.clock.advance_ns(MS)
            for number in motors:
                if number == 1:
                    self.says(1, 0x20)
                else:
                    self.says(0, 0x10 | number)
            self.bus.listen()


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.bus.close()
    made.link.close()


def test_a_silent_motor_is_named_with_its_age(wire: Wire) -> None:
    wire.pass_ms(50, motors=(1, 5))
    assert wire.bus.silent(40 * MS) == {}
    wire.pass_ms(50, motors=(1,))
    assert wire.bus.silent(40 * MS) == {NAMES[5]: 50 * MS}


@pytest.mark.parametrize(
    ("identifier", "first", "fault"),
    [
        (0, 0xE5, "overload"),
        (0, 0xB5, "its power stage is too hot"),
        (0, 0x05, "off"),
        (0, 0x75, "status 7"),
        (1, 0x21, "error 1"),
        (1, 0x3F, "error 31"),
    ],
)
def test_a_motor_that_is_not_well_answers_and_is_named(wire: Wire, identifier: int, first: int, fault: str) -> None:
    wire.pass_ms(5, motors=(1, 5))
    assert wire.bus.faults == {}
    wire.says(identifier, first)
    wire.pass_ms(1)
    assert wire.bus.faults == {NAMES[identifier or 5]: fault} and wire.bus.silent(MS) == {}
    wire.pass_ms(1, motors=(1, 5))
    assert wire.bus.faults == {}


def test_what_is_said_to_a_motor_is_no_answer(wire: Wire) -> None:
    before_ns = wire.bus.commanded_ns
    for _ in range(50):
        wire.says(1, 0x00)
        wire.says(5, 0x20)  # a position, to a Damiao motor
        wire.pass_ms(1)
    assert set(wire.bus.silent(40 * MS)) == set(NAMES.values())
    assert wire.bus.commanded_ns == before_ns + 50 * MS


def test_after_a_pause_only_what_is_said_then_counts(wire: Wire) -> None:
    wire.pass_ms(5, motors=(1, 5))
    for _ in range(20):
        wire.says(0, 0x15)
    wire.clock.advance_ns(GAP_NS + 15 * MS)
    wire.bus.listen()
    assert set(wire.bus.silent(40 * MS)) == set(NAMES.values())
    assert not wire.bus.listened(40 * MS)
    wire.pass_ms(50, motors=(1, 5))
    assert wire.bus.silent(40 * MS) == {} and wire.bus.listened(40 * MS)


class Damiao(FakeClock):
    """Time in which a Damiao motor with a fault answers what it is told; the fault stays for `attempts` of clearing."""

    def __init__(self, link: socket.socket, attempts: int) -> None:
        super().__init__(10**12)
        self.attempts, self.status, self.link = attempts, 14, link
        self.orders: list[int] = []

    def sleep_until_ns(self, deadline_ns: int) -> None:
        super().sleep_until_ns(deadline_ns)
        while select.select([self.link], [], [], 0.0)[0]:
            number, _, data = FRAME.unpack(self.link.recv(16))
            self.orders.append(data[7])
            if data[7] == 0xFB:
                self.attempts -= 1
                self.status = 14 if self.attempts > 0 else 0
            elif self.status == 0:
                self.status = 1
            self.link.send(FRAME.pack(0, 8, bytes([self.status << 4 | number]) + bytes(7)))


@pytest.mark.parametrize(("attempts", "orders"), [(1, "fc fb fc"), (2, "fc fb fc fb fc"), (9, None)])
def test_a_motor_that_is_not_well_is_cleared_and_enabled_a_few_times(attempts: int, orders: str | None) -> None:
    link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    motor = Damiao(link, attempts)
    bus = MotorBus(theirs, "can0", {5: NAMES[5]}, (), motor)
    if orders is None:
        with pytest.raises(DriverUnreachable, match=r"on can0 motor 5 \(joint4\): overload; .* hold the arm"):
            bus.enable([5])
        assert len(motor.orders) < 10
    else:
        bus.enable([5])
        assert bytes(motor.orders).hex(" ") == orders
        assert bus.faults == {}
    bus.close()
    link.close()


def test_an_interface_that_goes_is_told(wire: Wire) -> None:
    wire.link.close()
    with pytest.raises(DriverError, match="can0 is gone"):
        wire.bus.listen()
    with pytest.raises(DriverUnreachable, match="can0 takes no frame"):
        wire.bus.enable([5])


def test_an_interface_that_is_not_there_is_told_with_what_brings_it_up() -> None:
    with pytest.raises(DriverUnreachable, match=r"no CAN interface can77: .*ip link set can77 up"):
        open_can("can77")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "X7"}, "model is 'X7', must be one of L5, X5"),
        ({"interface": "eth0"}, "must be a SocketCAN one"),
        ({"gripper_open_rad": 0.0}, "must be 1 to 12 rad"),
        ({"port": 1}, "unknown key port"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_opened(change: dict[str, object], told: str) -> None:
    robot = load_embodiment(Path(__file__).parents[1] / "robots/arx5.yaml")
    with pytest.raises(ConfigError, match=told):
        driver_module("arx5").open_driver(robot, SETTINGS | change, FakeClock())


def test_nothing_stops_the_arm_without_the_library() -> None:
    with pytest.raises(DriverError, match=r"nothing stops an ARX arm .*can0 hold their last command"):
        driver_module("arx5").last_resort_stop(SETTINGS)
