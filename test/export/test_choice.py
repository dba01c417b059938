"""Which trials are exported, and at which rate."""

from pathlib import Path

import pytest
from export.exporting import sitting_of
from recorded_trial import RecordedTrial

from ros_wam.errors import ExportError
from ros_wam.export.choice import choose, slowest_camera_hz
from ros_wam.trial.outcome import Outcome


@pytest.fixture(scope="module")
def sittings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    sitting_of(folder / "first", 2, seconds=0.3)
    sitting_of(folder / "second", 1, seconds=0.3, outcome=Outcome.FAILURE)
    RecordedTrial(folder / "second" / "trials" / "002", seconds=0.3, valid=False)
    RecordedTrial(folder / "second" / "trials" / "003", seconds=0.3, outcome=Outcome.ABORTED)
    return folder


def names(folder: Path, **more: bool) -> list[str]:
    return [chosen.name for chosen in choose(folder, **more).taken]


def test_successes_of_every_sitting_are_taken(sittings: Path) -> None:
    assert names(sittings) == names(sittings / "first") == ["first-001", "first-002"]
    left_out = dict(choose(sittings).left_out)
    assert "failure" in left_out["second-001"] and "does not count" in left_out["second-002"]


def test_more_is_taken_when_asked_but_never_what_was_cut_short(sittings: Path) -> None:
    assert names(sittings, include_failures=True) == ["first-001", "first-002", "second-001"]
    assert names(sittings, include_bad=True) == ["first-001", "first-002", "second-002"]
    everything = names(sittings, include_failures=True, include_bad=True)
    assert everything == ["first-001", "first-002", "second-001", "second-002"]


def test_nothing_to_export_is_an_error_that_says_why(sittings: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"no trial in .* can be exported: second-001: its outcome is failure"):
        choose(sittings / "second")
    with pytest.raises(ExportError, match="is no sitting and holds none"):
        choose(tmp_path)
    with pytest.raises(ExportError, match=r"cannot read .*: No such file"):
        choose(tmp_path / "missing")


def test_the_rate_is_the_slowest_cameras_when_all_agree(sittings: Path, tmp_path: Path) -> None:
    assert slowest_camera_hz(choose(sittings)) == 30.0
    (other,) = sitting_of(tmp_path / "a", 1, seconds=0.3)
    sitting_of(tmp_path / "b", 1, seconds=0.3)
    station = other.folder / "config" / "calib" / "station.yaml"
    station.write_text(station.read_text().replace("rate_hz: 30.0", "rate_hz: 15.0", 1))
    assert slowest_camera_hz(choose(tmp_path / "a")) == 15.0
    with pytest.raises(ExportError, match="differ: a-001 15 Hz, b-001 30 Hz; say --rate-hz"):
        slowest_camera_hz(choose(tmp_path))
