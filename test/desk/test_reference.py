"""A scene is laid out by the picture of this sitting, else of this lab, else of the task."""

from pathlib import Path

import pytest

from ros_wam.desk.reference import References
from ros_wam.errors import TrialError

VIEWS = ("global", "wrist")


def references(folder: Path, sitting: str = "one") -> References:
    (folder / sitting).mkdir(exist_ok=True)
    return References(folder / sitting, folder / "tasks" / "stack_bowls.yaml")


def read(found: Path | None) -> bytes:
    assert found is not None
    return found.read_bytes()


def test_what_is_kept_is_found_again_and_only_for_its_scene(tmp_path: Path) -> None:
    here = references(tmp_path)
    assert here.find(1, "global") is None and here.versions(1, VIEWS) == {}
    here.capture(1, {"global": b"one"})
    assert read(here.find(1, "global")) == b"one"
    assert here.find(2, "global") is None and here.find(1, "wrist") is None
    assert list(here.versions(1, VIEWS)) == ["global"]


def test_the_next_sitting_of_the_lab_is_laid_out_by_it_too(tmp_path: Path) -> None:
    references(tmp_path).capture(4, {"global": b"old"})
    other = references(tmp_path, "two")
    assert read(other.find(4, "global")) == b"old"
    other.capture(4, {"global": b"new"})
    assert read(other.find(4, "global")) == b"new"
    assert read(references(tmp_path).find(4, "global")) == b"old"  # what it was laid out by stays on record


def test_a_task_may_have_a_picture_for_any_scene(tmp_path: Path) -> None:
    (tmp_path / "tasks" / "stack_bowls").mkdir(parents=True)
    (tmp_path / "tasks" / "stack_bowls" / "global.jpg").write_bytes(b"task")
    here = references(tmp_path)
    assert read(here.find(9, "global")) == b"task"
    here.capture(9, {"global": b"lab"})
    assert read(here.find(9, "global")) == b"lab"


@pytest.mark.parametrize("view", ["../sitting", "global/../wrist", "", "Global", "a.b"])
def test_a_view_is_no_path(tmp_path: Path, view: str) -> None:
    assert references(tmp_path).find(1, view) is None


def test_nothing_half_written_is_left_where_it_cannot_be_kept(tmp_path: Path) -> None:
    here = references(tmp_path)
    (tmp_path / "reference").write_text("a file where the folder should be")
    with pytest.raises(TrialError, match="the reference of scene 1 cannot be kept"):
        here.capture(1, {"global": b"one"})
    assert here.find(1, "global") is None
