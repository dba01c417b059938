"""How a slow policy slows the task: one sitting in lockstep for each latency, from 27 ms to 5.6 s."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ros_wam import share
from ros_wam.bench.idle import idle_fraction
from ros_wam.bench.latency_sitting import LatencySitting, run_latency
from ros_wam.bench.result import BenchResult, Cell
from ros_wam.bench.side_by_side import side_by_side
from ros_wam.config import dump
from ros_wam.errors import ConfigError
from ros_wam.policy.execution import Execution
from ros_wam.policy.profile import Profile, load_profile
from ros_wam.policy.strategies import WITHOUT_HORIZON

LATENCIES_MS = (27, 54, 73, 100, 150, 190, 240, 321, 568, 810, 974, 1189, 5616)
"""Those of mainstream systems."""

SYSTEMS = {
    27: "realtime-vla, π0 with two views on an RTX 4090 (arXiv 2510.26742)",
    190: "Fast-WAM (arXiv 2603.16666)",
}
"""Who has published such a latency; of the others in the sweep no source is at hand."""

BROKER_ROWS = 15
ALLOWANCE_S = 1.0  # the profile's timeouts are above the latency by this


@dataclass(frozen=True)
class Sweep:
    """What to sweep; `folder` takes the sittings, `strategy` None leaves the profile's."""

    folder: Path
    latencies_ms: tuple[float, ...] = LATENCIES_MS
    trials: int = 3
    seed: int = 1
    strategy: str | None = None
    robot: str = "ur5"
    task: str = "move_objects_into_box"
    policy: str = "baseline"

    @property
    def profile(self) -> Profile:
        """The policy's profile, with the strategy that is asked for; raises ConfigError."""
        profile = load_profile(share.find("config/policies", self.policy))
        if profile.action.horizon is None:
            raise ConfigError(f"policy {profile.name} has chunks of any length; this benchmark needs to know it")
        return profile if self.strategy is None else with_strategy(profile, self.strategy)


def latency(sweep: Sweep, show: Callable[[str], None]) -> BenchResult:
    """Return one row for each latency; raises RosWamError."""
    profile = sweep.profile
    try:
        sweep.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"nothing can be recorded to {sweep.folder}: {error.strerror}") from error
    rows: dict[float, Mapping[str, Cell]] = {}
    for done, (latency_ms, found) in enumerate(_measured(sweep, profile), 1):
        rows[latency_ms] = {**_beforehand(profile, latency_ms), **found}
        show(f"{done} of {len(sweep.latencies_ms)}: {latency_ms:g} ms, idle {found['idle_pct']:.1f} %")
    table = tuple(rows[latency_ms] for latency_ms in sorted(rows))
    return BenchResult("latency", _figures(table, half_chunk_s(profile)), table)


def with_strategy(profile: Profile, strategy: str) -> Profile:
    """Return the profile with that execution strategy."""
    horizon = None if strategy in WITHOUT_HORIZON else profile.execution.horizon or BROKER_ROWS
    return replace(profile, execution=Execution(strategy, horizon))


def half_chunk_s(profile: Profile) -> float:
    """Return half the time from the first to the last row."""
    assert profile.action.horizon is not None
    return (profile.action.horizon - 1) * profile.dt_s / 2.0


def broker_idle_pct(profile: Profile, latency_ms: float, rows: int = BROKER_ROWS) -> float:
    """Return the idle share [%] of a client that executes `rows` and then waits for the answer, as openpi's does."""
    executed_s = rows * profile.dt_s
    return 100.0 * 1e-3 * latency_ms / (executed_s + 1e-3 * latency_ms)


def analytic_idle_pct(profile: Profile, latency_ms: float) -> float | None:
    """Return the idle share [%] that `async` has to have; None for another strategy."""
    if profile.execution.strategy != "async":
        return None
    return 100.0 * idle_fraction(2.0 * half_chunk_s(profile), 1e-3 * latency_ms)


def _beforehand(profile: Profile, latency_ms: float) -> dict[str, Cell]:
    return {
        "latency_ms": latency_ms,
        "strategy": profile.execution.strategy,
        "analytic_idle_pct": analytic_idle_pct(profile, latency_ms),
        "broker_idle_pct": broker_idle_pct(profile, latency_ms),
    }


def _measured(sweep: Sweep, profile: Profile) -> Iterator[tuple[float, dict[str, Cell]]]:
    """Yield each latency's row as it comes, the slowest begun first."""
    slowest_first = sorted(sweep.latencies_ms, reverse=True)
    return side_by_side(_measure, {f"{ms:g} ms": _sitting(sweep, profile, ms) for ms in slowest_first})


def _measure(sitting: LatencySitting) -> tuple[float, dict[str, Cell]]:
    return sitting.latency_ms, run_latency(sitting)


def _sitting(sweep: Sweep, profile: Profile, latency_ms: float) -> LatencySitting:
    record_dir = sweep.folder / f"{latency_ms:g}ms"
    record_dir.mkdir(exist_ok=True)
    path = record_dir / f"{profile.name}.yaml"
    call_s = max(profile.timeouts.call_s, 1e-3 * latency_ms + ALLOWANCE_S)
    path.write_text(dump(replace(profile, timeouts=replace(profile.timeouts, call_s=call_s))), encoding="utf-8")
    return LatencySitting(path, sweep.robot, sweep.task, sweep.trials, sweep.seed, latency_ms, record_dir)


def _figures(rows: tuple[Mapping[str, Cell], ...], half_s: float) -> dict[str, float]:
    """Return the worst up to half a chunk, how far the rest is from the analytic value, and the worst of all."""
    quick = [row for row in rows if _value(row, "latency_ms") <= 1e3 * half_s]
    slow = [row for row in rows if row not in quick and row["analytic_idle_pct"] is not None]
    figures: dict[str, float] = {}
    if quick:
        figures["idle_pct_to_half_chunk"] = max(_value(row, "idle_pct") for row in quick)
        figures["success_rate_to_half_chunk"] = min(_value(row, "success_rate") for row in quick)
    if slow:
        figures["off_analytic_pct_beyond"] = max(
            100.0 * abs(_value(row, "idle_pct") / _value(row, "analytic_idle_pct") - 1.0) for row in slow
        )
    figures["interventions"] = sum(_value(row, "interventions") for row in rows)
    figures["limit_ratio"] = max(_value(row, "limit_ratio") for row in rows)
    return figures


def _value(row: Mapping[str, Cell], name: str) -> float:
    value = row[name]
    assert isinstance(value, float | int)
    return float(value)
