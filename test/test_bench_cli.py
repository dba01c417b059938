"""`ros-wam bench`: one JSON object on standard output, or tables that fit a terminal."""

import json
from pathlib import Path

import pytest

from ros_wam.bench.result import BenchResult
from ros_wam.bench.table import figure, heading, number, rows_table
from ros_wam.cli import bench
from ros_wam.cli.main import main
from ros_wam.errors import SimError

RESULT = BenchResult(
    "chunk-switch",
    {"idle_pct_100": 0.0, "max_step_mrad_200": 12.4526},
    (
        {"method": "ros_wam", "source": "measured", "latency_ms": 100, "idle_pct": 0.0, "step_mrad": 12.64},
        {"method": "ros_wam", "source": "measured", "latency_ms": 200, "idle_pct": 0.0, "step_mrad": 9.4},
        {"method": "JTC-like", "source": "published", "latency_ms": 100, "idle_pct": 16.5, "step_mrad": None},
        {"method": "JTC-like", "source": "published", "latency_ms": 200, "idle_pct": 28.0, "step_mrad": 100},
    ),
    {"processor": "a processor", "cores": "2"},
)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def chunk_switch(show: bench.Show) -> BenchResult:
        show("latency 100 ms")
        return RESULT

    monkeypatch.setattr(bench, "chunk_switch", chunk_switch)


def test_json_is_one_object_and_progress_is_beside_it(measured: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "chunk-switch", "--json"]) == 0
    output, error = capsys.readouterr()
    assert json.loads(output) == RESULT.as_json()
    assert sorted(RESULT.as_json()) == ["bench", "figures", "machine", "rows"]
    assert "latency 100 ms" in error


def test_the_table_has_one_line_per_method_and_says_what_was_not_measured_here(
    measured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "chunk-switch"]) == 0
    output, error = capsys.readouterr()
    assert error == ""
    lines = [line.split() for line in output.splitlines()]
    assert ["ros_wam", "0", "13/9.4"] in lines
    assert ["JTC-like*", "16/28", "100"] in lines
    assert "latency 100/200 ms; * measured before with the same definition, not here" in output
    assert ["max_step_mrad_200", "12.453"] in lines
    assert max(len(line) for line in output.splitlines()) <= 80


def test_what_is_the_same_in_every_row_is_said_once() -> None:
    rows = tuple({"latency_ms": ms, "strategy": "async", "refusals": 0} for ms in (27, 54, 1189))
    table = rows_table(BenchResult("latency", {}, rows, {}))
    assert table.columns == ("latency [ms]",)
    assert table.rows == (("27",), ("54",), ("1189",))
    assert table.notes == ("strategy async", "refusals 0")


def test_a_result_without_rows_has_no_table() -> None:
    assert rows_table(BenchResult("control", {"achieved_hz": 500.0}, (), {})).rows == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *(("step_mrad", "step [mrad]"), ("acceleration_rad_s2", "acceleration [rad/s²]"), ("time_outs", "time outs")),
        *(("p99_9_ms", "p99.9 [ms]"), ("p99_ms", "p99 [ms]")),
    ],
)
def test_a_heading_has_its_unit_in_brackets(name: str, words: str) -> None:
    assert heading(name) == words


@pytest.mark.parametrize(
    ("cell", "text"), [(None, "–"), ("async", "async"), (0.2936, "0.294"), (35020.4, "35020"), (3.0, "3")]
)
def test_numbers_are_short(cell: str | float | None, text: str) -> None:
    assert number(cell) == text


@pytest.mark.parametrize(
    ("value", "text"), [(499.5366, "499.54"), (0.0, "0"), (0.13791, "0.13791"), (452038.0, "452038")]
)
def test_a_figure_is_told_as_exactly_as_its_bound(value: float, text: str) -> None:
    assert figure(value) == text


def test_a_failure_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(show: bench.Show) -> BenchResult:
        raise SimError("the renderer ended")

    monkeypatch.setattr(bench, "chunk_switch", fail)
    assert main(["bench", "chunk-switch", "--json"]) == 1
    output, error = capsys.readouterr()
    assert (output, error) == ("", "ros-wam: the renderer ended\n")


def test_the_help_of_latency_says_what_is_idle(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "latency", "--help"])
    words = "a chunk counts as followed until the arm has settled, 0.25 s after its last row"
    assert words in " ".join(capsys.readouterr().out.split())


def test_latency_takes_its_options_and_leaves_a_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept = []

    def latency(sweep: object, show: bench.Show) -> BenchResult:
        swept.append(sweep)
        return BenchResult("latency", {}, ())

    monkeypatch.setattr("ros_wam.bench.latency.latency", latency)
    monkeypatch.setattr("ros_wam.bench.latency_plot.plot_latency", lambda result, profile, path: path.write_bytes(b"x"))
    out = tmp_path / "plot.png"
    options = ["--trials", "2", "--strategy", "sequential", "--latencies", "27", "54.5", "27", "--out", str(out)]
    assert main(["bench", "latency", *options]) == 0
    (sweep,) = swept
    assert (sweep.trials, sweep.strategy, sweep.latencies_ms) == (2, "sequential", (27.0, 54.5))
    assert sweep.folder.parent == tmp_path
    assert out.exists()


def no_sweep(sweep: object, show: bench.Show) -> BenchResult:
    raise AssertionError("it began to measure")


def test_a_plot_that_cannot_be_is_refused_before_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ros_wam.bench.latency.latency", no_sweep)
    assert main(["bench", "latency", "--out", str(tmp_path)]) == 1
    assert f"ros-wam: --out {tmp_path} is a folder; name the file of the plot" in capsys.readouterr().err


@pytest.mark.parametrize("latency", ["-1", "nan", "inf", "60001"])
def test_a_latency_that_cannot_be_is_refused(
    latency: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ros_wam.bench.latency.latency", no_sweep)
    with pytest.raises(SystemExit):
        main(["bench", "latency", "--latencies", "27", latency])
    assert f"argument --latencies: {latency} ms is not between 0 and 60000" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["chunk-switch", "latency", "client"])
def test_every_benchmark_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", name, "--help"])
    assert ended.value.code == 0
    assert f"example: ros-wam bench {name} --json" in " ".join(capsys.readouterr().out.split())
