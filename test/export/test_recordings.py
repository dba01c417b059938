"""`ros-wam export rrd`: a file for every trial that was recorded, and none twice."""

import errno
import os
from pathlib import Path

import pytest
from test_trial_results import SITTING, make_trial

from ros_wam.cli.main import main
from ros_wam.errors import ExportError
from ros_wam.export import recordings
from ros_wam.export.recordings import write_recordings
from ros_wam.trial.outcome import Outcome
from ros_wam.trial.results import Results


@pytest.fixture
def sitting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sitting of a trial that failed, one without a bag, and one that cannot be read; nothing is really encoded."""
    results = Results(tmp_path / "sitting", SITTING)
    results.add(make_trial(1, Outcome.FAILURE))
    results.add(make_trial(2).__class__(**{**vars(make_trial(2)), "bag": None}))
    results.add(make_trial(3))

    def read(folder: Path) -> Path:
        if folder.name == "003":
            raise ExportError("its bag is damaged")
        return folder

    def write(episode: Path, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(episode.name)

    monkeypatch.setattr(recordings, "read_episode", read)
    monkeypatch.setattr(recordings, "write_rrd", write)
    return tmp_path / "sitting"


def test_each_trial_is_written_once_and_what_cannot_be_is_said(sitting: Path, tmp_path: Path) -> None:
    shown: list[tuple[int, int, str]] = []
    out = tmp_path / "out"
    first = write_recordings(sitting, out, lambda *told: shown.append(told))
    assert [path.name for path in first.files] == ["sitting-001.rrd"]
    assert shown == [(k, 3, f"sitting-{k + 1:03d}") for k in range(3)]
    assert first.left_out == (("sitting-002", "nothing was recorded"), ("sitting-003", "its bag is damaged"))
    again = write_recordings(tmp_path, out, lambda *told: None)
    assert (first.written, again.written, again.files) == (1, 0, first.files)


def test_a_disk_that_is_full_ends_it(sitting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(episode: Path, path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(recordings, "write_rrd", full)
    with pytest.raises(ExportError, match=r"sitting-001\.rrd cannot be written: No space left on device"):
        write_recordings(sitting, tmp_path / "out", lambda *told: None)


def test_a_folder_without_trials_is_refused(tmp_path: Path) -> None:
    Results(tmp_path / "sitting", SITTING)
    with pytest.raises(ExportError, match=r"nothing in .* can be shown: there are no trials"):
        write_recordings(tmp_path, tmp_path / "out", lambda *told: None)


def test_the_command_says_what_to_open(sitting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "rrd", str(sitting), str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "1 recordings, 1 of them new" in told and "rerun " in told
    assert "left out: sitting-003: its bag is damaged" in told
