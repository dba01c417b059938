"""The emulated Franka Hand at the wire, in virtual time."""

import contextlib
import socket
import struct
from collections.abc import Iterator

import pytest
from fci_client import STROKE_M, FciClient

from ros_wam.sim.emulators.franka_hand import HAND_PORT

CONNECT, HOMING, GRASP, MOVE, STOP = range(5)
OK, FAIL, UNSUCCESSFUL, ABORTED = range(4)


class Hand(FciClient):
    """A client of the hand alone."""

    def __init__(self) -> None:
        super().__init__()
        self.tcp.close()
        self.tcp = socket.create_connection((self.address, HAND_PORT), 5.0)
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.cycle()

    def begin(self, command: int, *values: float) -> int:
        """Make a request and let it be heard; return its number."""
        self._numbers += 1
        payload = struct.pack(f"<{len(values)}d", *values)
        self.tcp.sendall(struct.pack("<HII", command, self._numbers, 10 + len(payload)) + payload)
        self.cycle(2)
        return self._numbers

    def status(self, number: int, cycles: int = 3000) -> int:
        """Return how the request `number` was answered, after at most `cycles`."""
        self.tcp.setblocking(False)
        for _ in range(cycles):
            with contextlib.suppress(BlockingIOError):
                _, answered, size, status = struct.unpack("<HIIH", self.tcp.recv(12))
                assert (answered, size) == (number, 12)
                return status
            self.cycle()
        raise AssertionError(f"request {number} was not answered within {cycles} cycles")

    def told(self) -> tuple[float, float, bool]:
        """Return width, largest width [m] and whether something is grasped, of the newest state."""
        self.cycle(10)
        with contextlib.suppress(BlockingIOError):
            while True:
                data = self.udp.recv(64)
        _, width_m, most_m, grasped, _ = struct.unpack("<Idd?H", data)
        return width_m, most_m, grasped


@pytest.fixture
def hand() -> Iterator[Hand]:
    made = Hand()
    payload = struct.pack("<HH", 3, made.udp.getsockname()[1])
    made.tcp.sendall(struct.pack("<HII", CONNECT, 0, 14) + payload)
    made.cycle(2)
    assert struct.unpack("<HIIHH", made.tcp.recv(14)) == (CONNECT, 0, 14, OK, 3)
    yield made
    made.close()


def test_the_width_is_told(hand: Hand) -> None:
    assert hand.told() == (pytest.approx(STROKE_M), STROKE_M, False)


def test_a_move_is_answered_when_it_has_ended(hand: Hand) -> None:
    number = hand.begin(MOVE, 0.04, 0.1)
    with pytest.raises(AssertionError):
        hand.status(number, cycles=200)
    assert hand.status(number) == OK
    assert hand.told()[0] == pytest.approx(0.04, abs=1e-3)


def test_a_move_that_something_stops_is_unsuccessful(hand: Hand) -> None:
    hand.plant.object_at = 0.5
    assert hand.status(hand.begin(MOVE, 0.01, 0.1)) == UNSUCCESSFUL
    assert hand.told()[2] is False


def test_a_grasp_is_told_by_the_width_that_is_left(hand: Hand) -> None:
    hand.plant.object_at = 0.5
    assert hand.status(hand.begin(GRASP, 0.0, STROKE_M, STROKE_M, 0.1, 40.0)) == OK
    assert hand.told() == (pytest.approx(0.04, abs=1e-3), STROKE_M, True)
    assert hand.status(hand.begin(MOVE, STROKE_M, 0.1)) == OK
    assert hand.told()[2] is False
    hand.plant.object_at = None
    assert hand.status(hand.begin(GRASP, 0.0, STROKE_M, STROKE_M, 0.1, 40.0)) == OK  # by the widths alone
    assert hand.told() == (pytest.approx(0.0, abs=1e-3), STROKE_M, True)
    assert hand.status(hand.begin(GRASP, 0.03, 0.005, 0.005, 0.1, 40.0)) == UNSUCCESSFUL


def test_another_request_and_a_stop_abort_the_motion(hand: Hand) -> None:
    first = hand.begin(MOVE, 0.0, 0.05)
    second = hand.begin(MOVE, 0.06, 0.05)
    assert hand.status(first, 1) == ABORTED
    stop = hand.begin(STOP)
    assert hand.status(second, 1) == ABORTED
    assert hand.status(stop, 1) == OK


def test_a_width_that_the_hand_has_not_fails(hand: Hand) -> None:
    assert hand.status(hand.begin(MOVE, 0.2, 0.1), 5) == FAIL


def test_a_frozen_hand_answers_nothing(hand: Hand) -> None:
    hand.emulator.inject("gripper_freeze")
    number = hand.begin(MOVE, 0.04, 0.1)
    with pytest.raises(AssertionError):
        hand.status(number, cycles=500)
    hand.emulator.clear()
    assert hand.status(number) == OK
