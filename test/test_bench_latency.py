"""The latency sweep: what counts as idle, what a row says, and a small sweep through the whole line."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_policy import UR5
from PIL import Image
from synthetic_bag import origin_of

from ros_wam.bench import latency as bench
from ros_wam.bench.idle import idle_fraction
from ros_wam.bench.latency_plot import plot_latency
from ros_wam.bench.latency_sitting import TrialFigures, idle_time_s, latency_row, limit_ratio
from ros_wam.bench.result import BenchResult
from ros_wam.errors import ConfigError, TrialError
from ros_wam.motion.trajectory import SETTLE_S
from ros_wam.policy.strategies.strategy import LOOK_AFTER_S
from ros_wam.trial.trace import Trace

CHUNK = [0] * 20 + [1] * 20 + [2] * 10
"""The row that is followed in each tick of a chunk of three rows."""


def trace(rows: list[int]) -> Trace:
    """One tick each 10 ms that follows a row of chunk 7, or nothing (-1)."""
    index = np.array(rows)
    target = np.where(index[:, None] >= 0, 0.5, np.nan)
    stamp_ns = 1_000_000_000 + 10_000_000 * np.arange(len(rows))
    origin = replace(origin_of(stamp_ns), index=index, chunk_id=np.where(index >= 0, 7, -1))
    return Trace(("joint1",), target, target, target, target, origin, int(stamp_ns[0]), int(stamp_ns[-1]))


def test_idle_is_the_time_without_a_target_after_the_first() -> None:
    first_answer, gap = [-1] * 30, [-1] * 25
    ran = trace([*first_answer, *CHUNK, *gap, *CHUNK, 0])
    assert idle_time_s(ran, {7: 2}) == (pytest.approx(0.25), pytest.approx(0.45), pytest.approx(1.25))
    assert idle_time_s(ran, {7: 3}) == (pytest.approx(0.25), pytest.approx(0.25), pytest.approx(1.25))
    assert idle_time_s(trace([-1] * 5), {}) == (0.0, 0.0, 0.0)


def test_a_row_sums_up_the_trials_of_its_latency() -> None:
    trials: list[dict[str, Any]] = [
        {"outcome": "success", "duration_s": 10.0, "interventions": 2, "comment": ""},
        {"outcome": "failure", "duration_s": 90.0, "interventions": 1, "comment": "time limit of 90 s"},
    ]
    row = latency_row(trials, [TrialFigures(10.0, 1.0, 2.0, 0, 0.5), TrialFigures(90.0, 54.0, 63.0, 3, 0.75)])
    assert row == {
        "idle_pct": pytest.approx(55.0),
        "past_last_row_pct": pytest.approx(65.0),
        "success_rate": 0.5,
        "duration_s": 50.0,
        "interventions": 3,
        "time_outs": 1,
        "refusals": 3,
        "limit_ratio": 0.75,
    }


def test_a_latency_at_which_no_chunk_was_ever_followed_is_all_idle() -> None:
    trial = {"outcome": "failure", "duration_s": 90.0, "interventions": 0, "comment": "time limit of 90 s"}
    assert latency_row([trial], [TrialFigures(0.0, 0.0, 0.0, 3, 0.0)])["idle_pct"] == 100.0


def test_interventions_that_are_not_known_are_no_number() -> None:
    trial = {"outcome": "success", "duration_s": 10.0, "interventions": None, "comment": ""}
    with pytest.raises(TrialError, match="interventions of a trial are not known"):
        latency_row([trial], [TrialFigures(10.0, 1.0, 2.0, 0, 0.5)])


def test_the_limit_ratio_is_the_larger_of_velocity_and_acceleration_over_ticks_in_a_row() -> None:
    at_s = UR5.period_s * np.arange(20)
    sent = np.zeros((20, 7))
    sent[:, 0] = 0.4 * at_s
    ran = replace(trace([0] * 20), sent=sent, desired=sent)
    assert limit_ratio(ran, UR5) == pytest.approx(0.4 / UR5.velocity[0])
    sent[10:, 0] += 0.5
    assert limit_ratio(ran, UR5) == pytest.approx(0.5 / UR5.period_s**2 / UR5.acceleration[0], rel=0.01)
    missing = replace(ran.origin, sequence=ran.origin.sequence + (np.arange(20) >= 10))
    assert limit_ratio(replace(ran, origin=missing), UR5) == pytest.approx(0.4 / UR5.velocity[0])
    short = replace(trace([0] * 3), sent=sent[:3], desired=sent[:3])
    with pytest.raises(TrialError, match="no four ticks in a row"):
        limit_ratio(short, UR5)


def sweep(folder: Path, **options: Any) -> bench.Sweep:
    return bench.Sweep(folder, **options)


def test_idle_fraction_is_none_up_to_half_a_chunk_and_grows_to_all() -> None:
    assert idle_fraction(1.0, 0.5) == 0.0
    assert idle_fraction(1.0, 1.0) == pytest.approx((LOOK_AFTER_S - SETTLE_S + 1.0) / (LOOK_AFTER_S + 2.0))
    assert idle_fraction(1.0, 1e6) == pytest.approx(1.0, abs=1e-5)


def test_the_analytic_idle_time_begins_at_half_a_chunk_and_stays_below_that_of_waiting(tmp_path: Path) -> None:
    profile = sweep(tmp_path).profile
    assert bench.half_chunk_s(profile) == pytest.approx(29 / 60)
    assert [bench.analytic_idle_pct(profile, ms) for ms in (27, 321, 483)] == [0.0, 0.0, 0.0]
    assert bench.broker_idle_pct(profile, 200.0) == pytest.approx(100 * 0.2 / 0.7)
    assert bench.broker_idle_pct(profile, 200.0, 30) == pytest.approx(100 * 0.2 / 1.2)
    for ms in bench.LATENCIES_MS:
        analytic = bench.analytic_idle_pct(profile, ms)
        assert analytic is not None
        assert analytic < bench.broker_idle_pct(profile, ms)


@pytest.mark.parametrize(("strategy", "horizon"), [("sequential", 15), ("receding", 15), ("ensemble", None)])
def test_another_strategy_takes_the_place_of_the_profiles(strategy: str, horizon: int | None, tmp_path: Path) -> None:
    profile = sweep(tmp_path, strategy=strategy).profile
    assert (profile.execution.strategy, profile.execution.horizon) == (strategy, horizon)
    assert bench.analytic_idle_pct(profile, 1000.0) is None


def row(latency_ms: float, idle_pct: float, analytic_pct: float | None, success_rate: float = 1.0) -> dict[str, Any]:
    said = {"latency_ms": latency_ms, "idle_pct": idle_pct, "analytic_idle_pct": analytic_pct}
    said["past_last_row_pct"] = idle_pct
    return {**said, "success_rate": success_rate, "interventions": 1, "limit_ratio": latency_ms / 1000}


def measure_nothing(monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]]) -> None:
    found = [(each["latency_ms"], each) for each in rows]
    monkeypatch.setattr(bench, "_measured", lambda sweep, profile: iter(found))


def test_the_figures_are_the_worst_on_either_side_of_half_a_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(568, 33.0, 30.0), row(810, 38.0, 40.0, 0.5), row(27, 0.0, 0.0), row(321, 0.2, 0.0, 0.75)]
    measure_nothing(monkeypatch, rows)
    said: list[str] = []
    result = bench.latency(sweep(tmp_path / "new", latencies_ms=(27, 321, 568, 810)), said.append)
    assert said[0] == "1 of 4: 568 ms, idle 33.0 %"
    assert [each["latency_ms"] for each in result.rows] == [27, 321, 568, 810]
    assert result.figures == {
        "idle_pct_to_half_chunk": 0.2,
        "success_rate_to_half_chunk": 0.75,
        "off_analytic_pct_beyond": pytest.approx(10.0),
        "interventions": 4,
        "limit_ratio": 0.81,
    }


def test_without_an_analytic_value_nothing_is_compared_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure_nothing(monkeypatch, [row(5616, 80.0, None, 0.0)])
    result = bench.latency(sweep(tmp_path, latencies_ms=(5616,)), lambda text: None)
    assert sorted(result.figures) == ["interventions", "limit_ratio"]


def test_where_nothing_can_be_recorded_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="nothing can be recorded to"):
        bench.latency(sweep(tmp_path / "file" / "runs"), lambda text: None)


@pytest.mark.virtual
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "latencies_ms"), [("plot.png", (27, 321, 1189)), ("plot", (0, 100)), ("plot.foo", (0,))]
)
def test_the_plot_is_a_picture(name: str, latencies_ms: tuple[float, ...], tmp_path: Path) -> None:
    rows = tuple(row(ms, 5.0, 5.0) for ms in latencies_ms)
    for strategy in (None, "sequential"):
        path = tmp_path / f"{strategy}" / name
        plot_latency(BenchResult("latency", {}, rows), sweep(tmp_path, strategy=strategy).profile, path)
        with Image.open(path) as image:
            assert (image.format, image.size) == ("PNG", (1200, 660))
            assert len(image.convert("RGB").getcolors(1 << 20) or ()) > 20


def test_a_plot_that_cannot_be_written_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    result = BenchResult("latency", {}, (row(27, 0.0, 0.0),))
    with pytest.raises(ConfigError, match="the plot cannot be written to"):
        plot_latency(result, sweep(tmp_path).profile, tmp_path / "file" / "latency.png")
    monkeypatch.setattr("ros_wam.bench.latency_plot.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="needs matplotlib"):
        plot_latency(result, sweep(tmp_path).profile, tmp_path / "latency.png")


@pytest.mark.virtual
@pytest.mark.slow
def test_a_small_sweep_runs_the_whole_line(tmp_path: Path) -> None:
    result = bench.latency(sweep(tmp_path, latencies_ms=(240, 810), trials=1), lambda text: None)
    quick, slow = result.rows
    assert (quick["idle_pct"], quick["success_rate"], quick["interventions"]) == (0.0, 1.0, 0)
    assert slow["success_rate"] == 1.0
    assert slow["idle_pct"] == pytest.approx(slow["analytic_idle_pct"], rel=0.1)
    cycle_s = 29 / 30 + LOOK_AFTER_S + 0.81
    assert quick["past_last_row_pct"] == 0.0
    assert slow["past_last_row_pct"] == pytest.approx(100.0 * (LOOK_AFTER_S + 0.81) / cycle_s, rel=0.1)
    assert result.figures["limit_ratio"] <= 1.0
