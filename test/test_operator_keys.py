"""Keys on their way from the terminal and the pedal, while either comes and goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ros_wam.clock import FakeClock
from ros_wam.errors import LeaderError
from ros_wam.teleop.key_socket import KeySender, KeySocket
from ros_wam.teleop.keys import Keys
from ros_wam.teleop.operator_keys import REOPEN_NS, OperatorKeys

MS = 1_000_000


class PlayedPedal:
    """Is there or not; `down` is what is pressed."""

    def __init__(self) -> None:
        self.there, self.down, self.opened = True, "", 0

    def open(self) -> None:
        self.opened += 1
        if not self.there:
            raise LeaderError("no pedal")

    def read(self, keys: Keys) -> None:
        if not self.there:
            keys.release_all()
            raise LeaderError("no pedal")
        if self.down:
            keys.press(self.down)

    def close(self) -> None: ...


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(10_000 * MS)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[KeySocket]:
    terminal = KeySocket(tmp_path / "keys.sock")
    yield terminal
    terminal.close()


def test_typed_keys_are_held_by_their_own_stamps(terminal: KeySocket, clock: FakeClock, tmp_path: Path) -> None:
    keys, sender = OperatorKeys(terminal, None, clock), KeySender(tmp_path / "keys.sock")
    for at_ms in (9_000, 9_500, 9_530, 9_560):
        assert sender.send(b"w", at_ms * MS)
    assert not keys().held  # they come late, all at once
    for at_ms in (9_960, 9_990):
        sender.send(b"w", at_ms * MS)
    assert keys().held == {"w"}
    clock.advance_ns(91 * MS)
    assert not keys().held  # a terminal that is gone says nothing
    sender.close()


def test_a_stamp_of_the_future_holds_nothing_for_longer(terminal: KeySocket, clock: FakeClock, tmp_path: Path) -> None:
    keys, sender = OperatorKeys(terminal, None, clock), KeySender(tmp_path / "keys.sock")
    sender.send(b"w", clock.now_ns() - 30 * MS)
    sender.send(b"w", clock.now_ns() + 10**15)
    assert keys().held == {"w"}
    clock.advance_ns(101 * MS)
    assert not keys().held
    sender.close()


def test_nobody_has_to_listen(tmp_path: Path) -> None:
    sender = KeySender(tmp_path / "keys.sock")
    assert not sender.send(b"w", 0)
    (tmp_path / "keys.sock").touch()  # a process that was killed left it
    heard = KeySocket(tmp_path / "keys.sock")
    assert sender.send(b"w", 5)
    assert list(heard.read(10)) == [(b"w", 5)]
    heard.close()
    assert not sender.send(b"w", 0)
    assert not (tmp_path / "keys.sock").exists()
    sender.close()


def test_a_terminal_that_floods_is_not_waited_for(terminal: KeySocket, tmp_path: Path) -> None:
    sender = KeySender(tmp_path / "keys.sock")
    sent = 0
    while sent < 100_000 and sender.send(b"w" * 10_000, sent):
        sent += 1
    assert 0 < sent < 100_000
    assert len(list(terminal.read(0))) == sent
    sender.close()


def test_a_pedal_that_is_lost_is_told_and_opened_again_every_second(terminal: KeySocket, clock: FakeClock) -> None:
    pedal = PlayedPedal()
    keys = OperatorKeys(terminal, pedal, clock)  # type: ignore[arg-type]
    pedal.down = "space"
    assert keys().held == {"space"}
    pedal.there = False
    assert not keys().held
    assert keys.lost == "no pedal"
    keys()
    assert pedal.opened == 1
    clock.advance_ns(REOPEN_NS)
    keys()
    assert (pedal.opened, keys.lost) == (2, "no pedal")
    pedal.there = True
    keys()
    assert pedal.opened == 2
    clock.advance_ns(REOPEN_NS)
    assert keys().held == {"space"}
    assert keys.lost == ""


def test_a_terminal_and_a_pedal_are_one_operators(terminal: KeySocket, clock: FakeClock, tmp_path: Path) -> None:
    pedal, sender = PlayedPedal(), KeySender(tmp_path / "keys.sock")
    keys = OperatorKeys(terminal, pedal, clock)  # type: ignore[arg-type]
    pedal.down = "space"
    sender.send(b"y", clock.now_ns())
    state = keys()
    assert (state.held, state.pressed) == ({"space"}, ("y", "space"))
    sender.close()
    keys.close()
