"""A pedal's events as the kernel gives them, through a FIFO, and its end."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from ros_wam.errors import ConfigError, LeaderError
from ros_wam.teleop.keys import Keys
from ros_wam.teleop.pedal import Pedal, PedalSettings, pedal_settings

A, B, SPACE, Q = 30, 48, 57, 16
UP, DOWN, REPEAT = 0, 1, 2


def event(code: int, value: int, kind: int = 1) -> bytes:
    return struct.pack("@llHHi", 12, 345, kind, code, value)


SYN, DROPPED = event(0, 0, 0), event(3, 0, 0)


class Rig:
    def __init__(self, path: Path, **keys: str) -> None:
        os.mkfifo(path)
        self.path = path
        self.pedal, self.keys = Pedal(PedalSettings(str(path), keys)), Keys()
        self.open()

    def open(self) -> None:
        self.pedal.open()
        self.writer: int | None = os.open(self.path, os.O_WRONLY)

    def tell(self, *events: bytes) -> tuple[set[str], tuple[str, ...]]:
        assert self.writer is not None
        os.write(self.writer, b"".join(events))
        self.pedal.read(self.keys)
        state = self.keys.state(0)
        return set(state.held), state.pressed

    def unplug(self) -> None:
        if self.writer is not None:
            os.close(self.writer)
        self.writer = None


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "event7", a="space", b="y")
    yield rig
    rig.unplug()
    rig.pedal.close()


def test_presses_and_releases_are_those_of_the_device(rig: Rig) -> None:
    assert rig.tell(event(A, DOWN), SYN) == ({"space"}, ("space",))
    assert rig.tell(event(A, REPEAT), SYN) == ({"space"}, ())
    assert rig.tell(event(B, DOWN), event(B, UP), SYN) == ({"space"}, ("y",))
    assert rig.tell(event(A, UP), SYN) == (set(), ())
    assert rig.tell(event(Q, DOWN), event(A, DOWN, kind=4)) == (set(), ())


def test_events_may_come_in_pieces(rig: Rig) -> None:
    whole = event(A, DOWN)
    assert rig.tell(whole[:10]) == (set(), ())
    assert rig.tell(whole[10:], event(B, DOWN)[:23]) == ({"space"}, ("space",))
    assert rig.tell(event(B, DOWN)[23:]) == ({"space", "y"}, ("y",))


def test_what_the_kernel_dropped_may_have_been_a_release(rig: Rig) -> None:
    rig.tell(event(A, DOWN))
    assert rig.tell(DROPPED) == (set(), ())


def test_a_pedal_that_is_pulled_out_holds_nothing(rig: Rig) -> None:
    assert rig.tell(event(A, DOWN))[0] == {"space"}
    rig.unplug()
    with pytest.raises(LeaderError, match=rf"pedal {rig.path} is lost: it hung up"):
        rig.pedal.read(rig.keys)
    assert not rig.keys.state(0).held
    with pytest.raises(LeaderError, match="is not open"):
        rig.pedal.read(rig.keys)


def test_it_can_be_plugged_in_again(rig: Rig) -> None:
    rig.unplug()
    with pytest.raises(LeaderError):
        rig.pedal.read(rig.keys)
    rig.open()
    assert rig.tell(event(A, DOWN))[0] == {"space"}


def test_without_a_map_each_key_is_itself(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "event8")
    assert rig.tell(event(SPACE, DOWN), event(A, DOWN), event(B, DOWN), event(Q, DOWN))[0] == {"space", "a", "b", "q"}
    rig.unplug()
    rig.pedal.close()


def test_a_pedal_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LeaderError, match=r"pedal .*none cannot be opened: No such file or directory$"):
        Pedal(PedalSettings(str(tmp_path / "none"))).open()


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"path": "event7"}, "pedal: path is 'event7', must be absolute"),
        ({"path": "/dev/x", "keys": {"paw": "space"}}, "pedal: keys: no key 'paw'; there are: 1, 2"),
        ({"path": "/dev/x", "keys": {"a": "jump"}}, "pedal: keys: a stands for 'jump', must be one of .*space"),
        ({"keys": {}}, "pedal: missing key path"),
    ],
)
def test_settings_that_cannot_be_are_told_with_the_choices(section: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        pedal_settings(section)


def test_a_station_may_have_none() -> None:
    assert pedal_settings({}) is None
