"""Lines of a pipe, as they come."""

import os
from collections.abc import Iterator
from typing import IO

import pytest

from ros_wam.lines import PipeLines


@pytest.fixture
def pipe() -> Iterator[tuple[IO[str], int]]:
    read, write = os.pipe()
    with os.fdopen(read) as reading:
        yield reading, write


def test_all_that_came_together_is_told_together(pipe: tuple[IO[str], int]) -> None:
    reading, write = pipe
    lines = PipeLines(reading)
    os.write(write, b"one\ntwo\nth")
    assert lines.come(1.0) == ["one", "two"]
    assert lines.come(0.0) == []
    os.write(write, b"ree\n")
    assert lines.come(1.0) == ["three"]
    os.close(write)


def test_what_was_said_before_the_end_is_told_after_it(pipe: tuple[IO[str], int]) -> None:
    reading, write = pipe
    os.write(write, b"x" * 50_000 + b"\nlast\nhalf")
    os.close(write)
    lines = PipeLines(reading)
    assert lines.come(1.0) == ["x" * 50_000, "last"]
    assert lines.come(1.0) == []
