"""The terminal while a person teleoperates: keys go out at once, unseen, and it is left as it was."""

import os
import pty
import select
import termios
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from sim_run import ur5_run

from ros_wam.bringup import Run
from ros_wam.cli.key_terminal import KeyTerminal, is_terminal
from ros_wam.clock import OFFSET_VARIABLE, StationClock
from ros_wam.teleop.key_socket import KeySocket

OFFSET_NS = 7_000_000_000


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = ur5_run(tmp_path, device="keyboard")
    return Run(config, tmp_path / "config.yaml", {OFFSET_VARIABLE: str(OFFSET_NS)}, ())


@pytest.fixture
def pair() -> Iterator[tuple[int, IO[str]]]:
    """What a person types into, and the terminal that a command reads."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as terminal:
        yield master, terminal
    os.close(master)


def test_a_key_goes_out_as_it_is_typed_with_the_time_of_the_run(run: Run, pair: tuple[int, IO[str]]) -> None:
    person, terminal = pair
    heard, clock = KeySocket(run.config.keys_socket), StationClock(OFFSET_NS)
    with KeyTerminal(run, terminal) as keys:
        before_ns = clock.now_ns()
        os.write(person, b"w\r \x1b")
        assert select.select(keys.descriptors, [], [], 10.0)[0]
        keys.forward()
        ((data, stamp_ns),) = heard.read(clock.now_ns())
    heard.close()
    assert data == b"w\n \x1b"
    assert before_ns <= stamp_ns <= clock.now_ns()


def test_nothing_that_is_typed_is_shown_and_but_for_ctrl_c_all_are_keys(run: Run, pair: tuple[int, IO[str]]) -> None:
    person, terminal = pair
    with KeyTerminal(run, terminal):
        flags_in, _, _, flags_local, _, _, control = termios.tcgetattr(terminal)
        os.set_blocking(person, False)
        os.write(person, b"wasd")
        with pytest.raises(BlockingIOError):
            os.read(person, 10)
    assert not flags_local & (termios.ECHO | termios.ICANON)
    assert flags_local & termios.ISIG
    assert not flags_in & termios.IXON
    assert control[termios.VSUSP] == control[termios.VQUIT] == b"\0"


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, RuntimeError])
def test_the_terminal_is_as_it_was_and_what_nobody_took_is_gone(
    run: Run, pair: tuple[int, IO[str]], error: type[BaseException] | None
) -> None:
    person, terminal = pair
    before = termios.tcgetattr(terminal)

    def leave() -> None:
        with KeyTerminal(run, terminal):
            os.write(person, b"rm -rf *\n")
            assert select.select([terminal], [], [], 10.0)[0]  # the kernel passes it on when it has time
            if error is not None:
                raise error

    if error is None:
        leave()
    else:
        with pytest.raises(error):
            leave()
    assert termios.tcgetattr(terminal) == before
    os.set_blocking(terminal.fileno(), False)
    with pytest.raises(BlockingIOError):
        os.read(terminal.fileno(), 100)


def test_a_terminal_that_goes_away_is_listened_to_no_more(run: Run) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as terminal, KeyTerminal(run, terminal) as keys:
        assert keys.descriptors == [slave]
        os.close(master)
        keys.forward()
        assert keys.descriptors == []


def test_what_ends_because_its_terminal_was_closed_ends_as_it_would(run: Run) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as terminal, pytest.raises(KeyboardInterrupt), KeyTerminal(run, terminal):
        os.close(master)
        raise KeyboardInterrupt


def test_without_a_terminal_nothing_can_be_typed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (tmp_path / "file").open() as file, KeyTerminal(run, file) as keys:
        assert not is_terminal(file)
        assert keys.descriptors == []
    assert not is_terminal(file)


def test_a_run_that_takes_no_keys_leaves_the_terminal_alone(run: Run, pair: tuple[int, IO[str]]) -> None:
    _, terminal = pair
    before = termios.tcgetattr(terminal)
    unled = replace(run, config=replace(run.config, device=None))
    with KeyTerminal(unled, terminal) as keys:
        assert keys.descriptors == []
        assert termios.tcgetattr(terminal) == before
    taken: list[bytes] = []
    with KeyTerminal(unled, terminal, taken.append) as keys:
        os.write(pair[0], b"y")
        assert select.select(keys.descriptors, [], [], 10.0)[0]
        keys.forward()
    assert taken == [b"y"]
