"""Keys from a terminal's bytes, split anywhere."""

import pytest

from ros_wam.teleop.terminal_keys import ESCAPE_NS, TerminalKeys


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"wW+ ", ["w", "w", "+", "space"]),
        (b"\r\n\t\x7f\x08", ["enter", "enter", "tab", "backspace", "backspace"]),
        (b"\x1b[A\x1b[1;5Cx\x1bOPy\x1bz", ["x", "y"]),
        (b"\xc3\xa4\x00\x03q", ["q"]),
    ],
    ids=["signs", "named", "sequences", "no keys"],
)
def test_bytes_are_keys_however_they_are_split(data: bytes, keys: list[str]) -> None:
    at_once, one_by_one = TerminalKeys(), TerminalKeys()
    assert list(at_once.feed(data, 0)) == keys
    assert [key for k in range(len(data)) for key in one_by_one.feed(data[k : k + 1], k)] == keys


def test_an_escape_alone_is_a_key_once_nothing_has_followed() -> None:
    terminal = TerminalKeys()
    assert list(terminal.feed(b"\x1b", 0)) == []
    assert list(terminal.late(ESCAPE_NS)) == []
    assert list(terminal.late(ESCAPE_NS + 1)) == ["esc"]
    assert list(terminal.late(2 * ESCAPE_NS)) == []


def test_an_escape_long_before_a_letter_is_both() -> None:
    terminal = TerminalKeys()
    assert list(terminal.feed(b"\x1b", 0)) == []
    assert list(terminal.feed(b"[", ESCAPE_NS + 1)) == ["esc", "["]


def test_a_sequence_that_is_cut_off_is_nothing() -> None:
    terminal = TerminalKeys()
    assert list(terminal.feed(b"\x1b[1;", 0)) == []
    assert list(terminal.feed(b"y", ESCAPE_NS + 1)) == ["y"]
