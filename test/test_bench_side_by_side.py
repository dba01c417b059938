"""Work in processes of its own: what comes of it, and that nothing hangs or stays when one dies or fails."""

import multiprocessing
import os
from pathlib import Path

import pytest
from meeting_work import Dies, Endless, Fails, Meets, call

from ros_wam.bench.side_by_side import side_by_side
from ros_wam.errors import TrialError


@pytest.fixture(autouse=True)
def two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "met")
    return tmp_path


def test_every_result_comes() -> None:
    assert sorted(side_by_side(str, {"one": 1, "two": 2, "three": 3})) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("second", "words"),
    [(Dies, "100 ms: its process ended with status -9"), (Fails, r"100 ms: no observation \(.*\): no picture")],
)
def test_one_that_dies_or_fails_ends_all(second: type[Endless], words: str, folder: Path) -> None:
    with pytest.raises(TrialError, match=f"^{words}$"):
        list(side_by_side(call, {"27 ms": Endless(folder), "100 ms": second(folder), "200 ms": Endless(folder)}))
    assert (folder / "ended").exists()
    assert not multiprocessing.active_children()


def test_who_is_interrupted_leaves_none_behind(folder: Path) -> None:
    results = side_by_side(call, {"27 ms": Endless(folder), "100 ms": Meets(folder)})
    assert next(results) == "met"
    results.close()
    assert (folder / "ended").exists()
    assert not multiprocessing.active_children()
