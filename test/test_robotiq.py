"""The gripper's thread against a small server of the real words: what is asked, told, refused and survived."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from loopback import own_address

from ros_wam.clock import StationClock
from ros_wam.drivers import robotiq
from ros_wam.drivers.gripper_state import GripperState
from ros_wam.drivers.robotiq import Robotiq
from ros_wam.embodiment import GripperLimits
from ros_wam.errors import DriverError, DriverUnreachable, RobotStopped, StateStale

LIMITS = GripperLimits(speed_1_s=1.0, force_n=63.0, stroke_m=0.085)
TIMEOUT_S = 5.0


class FakeGripper:
    """Goes where it is sent at once. `mute` makes it silent; `raw` answers anything instead."""

    def __init__(self) -> None:
        self.values = {"ACT": 0, "GTO": 0, "FOR": 0, "SPE": 0, "POS": 3, "STA": 0, "OBJ": 3, "FLT": 0}
        self.log: list[str] = []
        self.mute, self.raw = False, b""
        self.address = own_address()
        self._clients: list[socket.socket] = []
        self._server = socket.create_server((self.address, robotiq.PORT))
        threading.Thread(target=self._accept, daemon=True).start()

    def hang_up(self) -> None:
        for client in self._clients:
            client.close()

    def close(self) -> None:
        self._server.close()
        self.hang_up()

    def _accept(self) -> None:
        while True:
            try:
                client = self._server.accept()[0]
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, client.makefile("rb") as lines:
                for line in lines:
                    reply = self._answer(line.decode().split())
                    if not self.mute:
                        client.sendall(self.raw or reply)
        except (OSError, ValueError):  # hung up
            return

    def _answer(self, words: list[str]) -> bytes:
        if words[0] == "GET":
            return f"{words[1]} {self.values[words[1]]}\n".encode()
        self.log.append(" ".join(words))
        self.values |= {name: int(value) for name, value in zip(words[1::2], words[2::2], strict=True)}
        if "ACT" in words:
            self.values["STA"], self.values["FLT"] = 3 * self.values["ACT"], 0
        return b"ack"


@pytest.fixture
def server() -> Iterator[FakeGripper]:
    fake = FakeGripper()
    yield fake
    fake.close()


@pytest.fixture
def gripper(server: FakeGripper) -> Iterator[Robotiq]:
    client = Robotiq(server.address, robotiq.PORT, LIMITS, StationClock())
    yield client
    client.close()


def until(gripper: Robotiq, holds: Callable[[GripperState], bool]) -> GripperState:
    """Return the first state that fits."""
    for _ in range(round(TIMEOUT_S / 0.005)):
        try:
            state = gripper.read()
        except StateStale:
            state = None
        if state is not None and holds(state):
            return state
        threading.Event().wait(0.005)
    raise AssertionError(f"not within {TIMEOUT_S} s; the last state is {state}")


def error_of(gripper: Robotiq, words: str = "") -> DriverError:
    """Return the first error that has these `words`."""
    for _ in range(round(TIMEOUT_S / 0.005)):
        try:
            gripper.read()
        except DriverError as error:
            if words in str(error):
                return error
        threading.Event().wait(0.005)
    raise AssertionError(f"no error '{words}' within {TIMEOUT_S} s")


def test_connecting_activates_but_sends_the_gripper_nowhere(server: FakeGripper, gripper: Robotiq) -> None:
    gripper.connect()
    assert server.log == ["SET ACT 0", "SET ACT 1"]
    assert gripper.read().position == pytest.approx(1.0 - 3 / 255)


def test_an_active_gripper_is_left_as_it_is(server: FakeGripper, gripper: Robotiq) -> None:
    server.values["STA"] = 3
    gripper.connect()
    assert server.log == []


@pytest.mark.parametrize(("asked", "counts"), [(0.0, 255), (1.0, 0), (0.5, 128), (-0.4, 255), (1.7, 0), (0.2, 204)])
def test_0_is_closed_and_1_is_open(server: FakeGripper, gripper: Robotiq, asked: float, counts: int) -> None:
    gripper.connect()
    gripper.send(asked)
    state = until(gripper, lambda state: server.values["POS"] == counts and state.position == 1.0 - counts / 255)
    assert state.effort == 0.0
    assert server.log[-1] == f"SET POS {counts} SPE 128 FOR 51 GTO 1"


def test_the_newest_target_wins_and_a_repeated_one_is_sent_once(server: FakeGripper, gripper: Robotiq) -> None:
    gripper.connect()
    for target in (0.9, 0.5, 0.3, 0.0, 0.0):
        gripper.send(target)
    until(gripper, lambda state: state.position == 0.0)
    server.log.clear()
    gripper.send(0.0)
    stamp_ns = gripper.read().stamp_ns
    until(gripper, lambda state: state.stamp_ns > stamp_ns + 100_000_000)
    assert server.log == []


def test_pressing_on_something_is_effort_and_no_fault(server: FakeGripper, gripper: Robotiq) -> None:
    gripper.connect()
    server.values["OBJ"] = 2
    assert until(gripper, lambda state: state.effort != 0.0).effort == -LIMITS.force_n
    server.values["OBJ"] = 1
    assert until(gripper, lambda state: state.effort > 0.0).effort == LIMITS.force_n


def test_silence_makes_the_state_stale_and_sending_does_not_wait(server: FakeGripper, gripper: Robotiq) -> None:
    clock = StationClock()
    gripper.connect()
    server.mute = True
    assert isinstance(error_of(gripper), StateStale)
    begin_ns = clock.now_ns()
    gripper.send(0.5)
    assert clock.now_ns() - begin_ns < 50_000_000
    server.mute = False
    until(gripper, lambda state: state.position == 1.0 - 128 / 255)


def test_a_lost_connection_is_renewed_and_the_target_sent_again(server: FakeGripper, gripper: Robotiq) -> None:
    gripper.connect()
    gripper.send(0.0)
    until(gripper, lambda state: state.position == 0.0)
    server.values["POS"] = 100
    server.hang_up()
    until(gripper, lambda state: state.position == 0.0)


def test_a_gripper_that_was_stopped_is_not_sent_its_old_target_again(server: FakeGripper, gripper: Robotiq) -> None:
    gripper.connect()
    gripper.send(0.0)
    until(gripper, lambda state: state.position == 0.0)
    gripper.stop()
    server.log.clear()
    server.hang_up()
    server.values["POS"] = 100
    until(gripper, lambda state: state.position == 1.0 - 100 / 255)
    assert server.log == []


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize(("object_status", "halts"), [(0, True), (1, False), (2, False), (3, False)])
def test_a_stop_stops_fingers_that_move_and_leaves_a_grip(
    server: FakeGripper, gripper: Robotiq, object_status: int, halts: bool, closes: bool
) -> None:
    gripper.connect()
    gripper.send(0.0)
    until(gripper, lambda state: state.position == 0.0)
    server.values["OBJ"] = object_status
    server.log.clear()
    gripper.stop()
    if closes:
        gripper.close()
    else:
        stamp_ns = gripper.read().stamp_ns
        until(gripper, lambda state: state.stamp_ns > stamp_ns + 60_000_000)
    assert server.log == (["SET GTO 0"] if halts else [])


def test_a_gripper_that_was_stopped_goes_on_with_the_same_target(server: FakeGripper, gripper: Robotiq) -> None:
    gripper.connect()
    gripper.send(0.0)
    until(gripper, lambda state: state.position == 0.0)
    server.values["OBJ"] = 0
    gripper.stop()
    until(gripper, lambda state: server.values["GTO"] == 0)
    gripper.send(0.0)
    until(gripper, lambda state: server.values["GTO"] == 1)


def test_a_fault_is_told_and_only_recover_activates_anew(server: FakeGripper, gripper: Robotiq) -> None:
    gripper.connect()
    gripper.send(0.0)
    until(gripper, lambda state: state.position == 0.0)
    server.log.clear()
    server.values["FLT"] = 14
    error = error_of(gripper)
    assert isinstance(error, RobotStopped) and "over-current" in str(error)
    assert server.log == []
    gripper.recover()
    gripper.read()
    assert server.log == ["SET ACT 0", "SET ACT 1"]
    server.values["POS"] = 3
    gripper.send(0.0)
    until(gripper, lambda state: state.position == 0.0)


def test_a_gripper_without_power_is_told(server: FakeGripper, gripper: Robotiq) -> None:
    server.raw = b"STA ?\n"
    with pytest.raises(RobotStopped, match="does not know its STA"):
        gripper.connect()


def test_after_a_recovery_that_failed_it_does_not_activate_by_itself(server: FakeGripper, gripper: Robotiq) -> None:
    server.values["STA"] = 3
    gripper.connect()
    server.raw = b"STA ?\n"
    assert isinstance(error_of(gripper), RobotStopped)
    with pytest.raises(RobotStopped, match="has no power"):
        gripper.recover()
    server.values["STA"] = 0  # the power comes back, and with it a gripper that is not active
    server.raw = b""
    error_of(gripper, "not active")
    assert server.log == []
    gripper.recover()
    assert server.log == ["SET ACT 0", "SET ACT 1"]


@pytest.mark.parametrize("reply", [b"nonsense\n", b"STA -1\n", b"POS 3\n", b"\xff\xfe\n"])
def test_nonsense_is_told(server: FakeGripper, gripper: Robotiq, reply: bytes) -> None:
    server.raw = reply
    with pytest.raises(DriverError, match="answered"):
        gripper.connect()


def test_absence_is_told_with_address_and_port() -> None:
    address = own_address()
    gripper = Robotiq(address, 63352, LIMITS, StationClock())
    with pytest.raises(DriverUnreachable, match=f"{address}:63352"):
        gripper.connect()
    with pytest.raises(StateStale):
        gripper.read()


def test_closing_twice_and_connecting_again(server: FakeGripper, gripper: Robotiq) -> None:
    gripper.connect()
    gripper.close()
    gripper.close()
    gripper.connect()
    gripper.read()
