"""What an interrupted export leaves, and what is not an export's."""

import json
import os
from pathlib import Path

import pytest

from ros_wam.errors import ExportError
from ros_wam.export.destination import MANIFEST, STAGED, Destination

SETTINGS = {"format": "some", "rate_hz": 30.0}


def fill(destination: Destination, name: str) -> None:
    with destination.staging(name, "source") as folder:
        (folder / "data").write_text(name)


def finish(destination: Destination) -> None:
    with destination.finishing(["all"]):
        (destination.folder / "all").write_text("done")


def test_finished_episodes_stay_and_unfinished_ones_go(tmp_path: Path) -> None:
    destination = Destination(tmp_path / "out", SETTINGS, ["a", "b"])
    fill(destination, "a")
    with pytest.raises(KeyboardInterrupt), destination.staging("b", "source") as folder:
        (folder / "data").write_text("half")
        raise KeyboardInterrupt
    again = Destination(tmp_path / "out", SETTINGS, ["a", "b"])
    assert (again.staged("a") / "data").read_text() == "a"
    assert sorted(path.name for path in again.staged("a").parent.iterdir()) == ["a"]


def test_an_episode_is_made_again_when_its_source_has_changed(tmp_path: Path) -> None:
    destination = Destination(tmp_path, SETTINGS, ["a"])
    assert not destination.holds("a", "source")
    fill(destination, "a")
    assert destination.holds("a", "source") and not destination.holds("a", "scored again")
    with destination.staging("a", "scored again") as folder:
        assert not any(folder.iterdir())
    assert destination.holds("a", "scored again") and not (destination.staged("a") / "data").exists()


def test_an_episode_that_is_not_wanted_any_more_goes(tmp_path: Path) -> None:
    fill(Destination(tmp_path, SETTINGS, ["a"]), "a")
    assert not Destination(tmp_path, SETTINGS, ["b"]).staged("a").exists()


def test_a_finished_export_keeps_no_episodes_of_its_own(tmp_path: Path) -> None:
    destination = Destination(tmp_path, SETTINGS, ["a"])
    fill(destination, "a")
    finish(destination)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all", MANIFEST]
    assert Destination(tmp_path, SETTINGS, ["a"]).finished


def test_the_making_of_the_files_begins_again_after_an_interruption(tmp_path: Path) -> None:
    destination = Destination(tmp_path, SETTINGS, ["a"])
    fill(destination, "a")
    with pytest.raises(KeyboardInterrupt), destination.finishing(["all"]):
        (tmp_path / "all").mkdir()
        (tmp_path / "all" / "half").write_text("half")
        raise KeyboardInterrupt
    again = Destination(tmp_path, SETTINGS, ["a"])
    assert not again.finished and again.staged("a").is_dir()
    finish(again)
    assert (tmp_path / "all").read_text() == "done"


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ExportError, match="holds something that no export of ros-wam made"):
        Destination(tmp_path, SETTINGS, ["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(ExportError, match="is no folder"):
        Destination(tmp_path / "thesis.tex", SETTINGS, ["a"])


def test_other_settings_or_other_episodes_are_refused(tmp_path: Path) -> None:
    destination = Destination(tmp_path, SETTINGS, ["a"])
    with pytest.raises(ExportError, match=r"begun with rate_hz 30\.0, this export has 15\.0; choose another folder"):
        Destination(tmp_path, {**SETTINGS, "rate_hz": 15.0}, ["a"])
    fill(destination, "a")
    finish(destination)
    with pytest.raises(ExportError, match="a finished export of 1 other episodes"):
        Destination(tmp_path, SETTINGS, ["a", "b"])


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"settings": {}}))
    with pytest.raises(ExportError, match=f"{MANIFEST} is damaged"):
        Destination(tmp_path, SETTINGS, ["a"])


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"cannot write to .*: Not a directory"):
        Destination(tmp_path / "file" / "out", SETTINGS, ["a"])


def test_what_an_interruption_left_of_a_finished_export_goes(tmp_path: Path) -> None:
    destination = Destination(tmp_path, SETTINGS, ["a"])
    fill(destination, "a")
    finish(destination)
    (tmp_path / STAGED / "a").mkdir(parents=True)
    assert Destination(tmp_path, SETTINGS, ["a"]).finished
    assert not (tmp_path / STAGED).exists()


def test_a_disk_that_is_full_at_the_end_is_said(tmp_path: Path) -> None:
    destination = Destination(tmp_path, SETTINGS, ["a"])
    fill(destination, "a")
    with pytest.raises(ExportError, match=r"cannot write to .*: No space left on device"), destination.finishing([]):
        Path("/dev/full").write_text("done")
    assert not Destination(tmp_path, SETTINGS, ["a"]).finished


def test_what_counts_as_finished_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.add(os.fstat(descriptor).st_ino))
    destination = Destination(tmp_path, SETTINGS, ["a"])
    fill(destination, "a")
    assert (destination.staged("a") / "data").stat().st_ino in synced
    finish(destination)
    assert (tmp_path / "all").stat().st_ino in synced
