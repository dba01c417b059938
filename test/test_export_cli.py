"""`ros-wam export`, as it is typed."""

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from export.exporting import sitting_of
from recorded_trial import RecordedTrial

from ros_wam.cli.export_progress import ExportProgress
from ros_wam.cli.main import main
from ros_wam.export.progress import Step
from ros_wam.export.table30_reader import read_table30
from ros_wam.trial.outcome import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.virtual]


def samples(out: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in (out / "data").glob("*/*.parquet"))


def test_a_dataset_is_written_and_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sitting_of(tmp_path / "sitting", 1, seconds=0.5)
    RecordedTrial(tmp_path / "sitting" / "trials" / "002", seconds=0.5, outcome=Outcome.FAILURE)
    assert main(["export", "lerobot", str(tmp_path / "sitting"), str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "left out: sitting-002: its outcome is failure" in said
    assert f"1 episodes, 14 samples at 30 Hz: {tmp_path / 'out'}" in said
    assert samples(tmp_path / "out") == 14
    with_failures = ["--include-failures", "--rate-hz", "15", "--action", "asked"]
    assert main(["export", "lerobot", str(tmp_path / "sitting"), str(tmp_path / "all"), *with_failures]) == 0
    assert samples(tmp_path / "all") == 14


def test_table30_has_a_folder_a_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sitting_of(tmp_path / "sitting", 1, seconds=0.5)
    options = ["--layout", "v2", "--robot-number", "7"]
    assert main(["export", "table30", str(tmp_path / "sitting"), str(tmp_path / "out"), *options]) == 0
    task = read_table30(tmp_path / "out" / "press_three_buttons")
    assert task.version == "v2" and task.episode(0).meta["robot_id"] == "rc_ur5_7"
    assert "1 episodes, 14 samples at 30 Hz" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["lerobot", "SITTING", "MINE"], "holds something that no export of ros-wam made"),
        (["lerobot", "NOTHING", "OUT"], "is no sitting and holds none"),
        (["lerobot", "SITTING", "OUT", "--rate-hz", "29.97"], "rate_hz is 29.97, must be a whole number"),
        (["lerobot", "SITTING", "OUT", "--max-age-ms", "1"], "no episode is left"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    sitting_of(tmp_path / "SITTING", 1, seconds=0.5)
    for name in ("MINE", "NOTHING"):
        (tmp_path / name).mkdir()
    (tmp_path / "MINE" / "thesis.tex").write_text("mine")
    paths = [str(tmp_path / word) if word.isupper() else word for word in options]
    assert main(["export", *paths]) == 1
    error = capsys.readouterr().err
    assert error.startswith("ros-wam: ") and error.count("\n") == 1 and said in error


def test_a_missing_library_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting_of(tmp_path / "sitting", 1, seconds=0.5)
    for name in [name for name in sys.modules if name.startswith(("ros_wam.export.lerobot", "ros_wam.export.video"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["export", "lerobot", str(tmp_path / "sitting"), str(tmp_path / "out")]) == 1
    assert "pip install '.[export]' in a checkout" in capsys.readouterr().err


def test_ctrl_c_ends_it_at_once_and_it_goes_on_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting_of(tmp_path / "sitting", 3, seconds=0.5)
    command = ["export", "lerobot", str(tmp_path / "sitting"), str(tmp_path / "out")]
    show = ExportProgress.show

    def interrupted(progress: ExportProgress, step: Step) -> None:
        if step.number == 1 and step.done > 0:
            raise KeyboardInterrupt
        show(progress, step)

    with monkeypatch.context() as patch:
        patch.setattr(ExportProgress, "show", interrupted)
        assert main(command) == 130
    assert capsys.readouterr().err == ""
    episodes = tmp_path / "out" / ".episodes"
    assert (episodes / "sitting-001").is_dir() and not (episodes / "sitting-002").exists()
    assert not (tmp_path / "out" / "meta").exists()
    assert main(command) == 0
    assert "3 episodes, 51 samples at 30 Hz" in capsys.readouterr().out
    assert samples(tmp_path / "out") == 51
