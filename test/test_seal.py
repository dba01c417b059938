"""A sealed trial whose files differ is told so, by name."""

import json
from pathlib import Path

import pytest

from ros_wam.errors import TrialError
from ros_wam.trial.seal import SEAL, broken_seals, check_seal, is_sealed, write_seal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "001"
    for name, text in {"trial.json": "{}", "bag/bag_0.mcap": "bag" * 1000, "config/robot/ur5.yaml": "ur5"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    write_seal(folder)
    return folder


def test_a_sealed_trial_is_as_it_was(folder: Path) -> None:
    assert is_sealed(folder)
    assert check_seal(folder) == []
    sealed = json.loads((folder / SEAL).read_text())
    assert sorted(sealed["sha256"]) == ["bag/bag_0.mcap", "config/robot/ur5.yaml", "trial.json"]


@pytest.mark.parametrize("name", ["trial.json", "bag/bag_0.mcap", "config/robot/ur5.yaml"])
def test_every_file_that_differs_is_named(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert check_seal(folder) == [f"{name} was changed"]
    (folder / name).unlink()
    assert check_seal(folder) == [f"{name} is gone"]


def test_a_file_that_came_later_is_named(folder: Path) -> None:
    (folder / "bag/bag_1.mcap").write_text("more")
    (folder / "notes.txt").write_text("not part of the record")
    assert check_seal(folder) == ["bag/bag_1.mcap was added"]


def test_no_seal_and_one_that_says_nothing(folder: Path) -> None:
    (folder / SEAL).write_text("[]")
    with pytest.raises(TrialError, match="cannot be checked"):
        check_seal(folder)
    (folder / SEAL).unlink()
    assert not is_sealed(folder)
    assert check_seal(folder) == ["it has no seal"]


def test_a_seal_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "001").write_text("a file where the folder should be")
    with pytest.raises(TrialError, match="trial 001 cannot be sealed"):
        write_seal(tmp_path / "001")


def test_the_trials_of_a_sitting_are_checked_one_by_one(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sitting/trials/002").mkdir(parents=True)  # not finished
    folder.rename(tmp_path / "sitting/trials/001")
    assert broken_seals(tmp_path / "sitting") == []
    (tmp_path / "sitting/trials/001/trial.json").write_text('{"outcome": "success"}')
    assert broken_seals(tmp_path / "sitting") == ["trial 001: trial.json was changed"]
