"""The latency sweep as one picture: idle time measured, computed and of clients that wait; and success."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.bench.latency import BROKER_ROWS, analytic_idle_pct, broker_idle_pct, half_chunk_s
from ros_wam.bench.result import BenchResult
from ros_wam.errors import ConfigError
from ros_wam.policy.profile import Profile
from ros_wam.types import FloatArray

OURS, THEIRS, SUCCESS, QUIET = "#1f5fa8", "#a06a2c", "#2e7d4f", "#6b7280"
SIZE_IN, DPI = (8.0, 4.4), 150
LEAST_MS = 1.0  # on a logarithmic axis; what is faster stands there
TICKS_MS = (0, 27, 54, 100, 190, 321, 568, 1189, 5616)


def require_matplotlib() -> None:
    """Raise ConfigError when no plot can be drawn."""
    if find_spec("matplotlib") is None:
        raise ConfigError("the plot needs matplotlib: pip install '.[bench]' in a checkout")


def plot_latency(result: BenchResult, profile: Profile, path: Path) -> None:
    """Write the picture of a sweep as PNG; raises ConfigError when there is no matplotlib or no room."""
    require_matplotlib()
    figure = import_module("matplotlib.figure").Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    import_module("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    latencies_ms = np.array([row["latency_ms"] for row in result.rows], dtype=np.float64)
    _draw_computed(axes, latencies_ms, profile)
    _draw_measured(axes, latencies_ms, result, profile)
    _label(axes, latencies_ms, profile)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png")
    except OSError as error:
        raise ConfigError(f"the plot cannot be written to {path}: {error.strerror}") from error


def _draw_computed(axes: Any, latencies_ms: FloatArray, profile: Profile) -> None:
    """Draw the curves, and set the range that they cover."""
    across_ms = np.geomspace(max(latencies_ms.min(), LEAST_MS) / 1.3, max(latencies_ms.max(), LEAST_MS) * 1.3, 400)
    assert profile.action.horizon is not None
    for rows, width, label in (
        (BROKER_ROWS, 1.6, f"idle, a client that waits after {BROKER_ROWS} rows: L/(T+L)"),
        (profile.action.horizon, 0.9, f"idle, one that waits after all {profile.action.horizon}"),
    ):
        waiting = [broker_idle_pct(profile, ms, rows) for ms in across_ms]
        axes.plot(across_ms, waiting, "--", color=THEIRS, linewidth=width, label=label)
    computed = [analytic_idle_pct(profile, ms) for ms in across_ms]
    if None not in computed:
        axes.plot(across_ms, computed, "-", color=OURS, linewidth=1.6, label="idle, computed")
    half_ms = 1e3 * half_chunk_s(profile)
    if across_ms[0] < half_ms < across_ms[-1]:
        axes.axvline(half_ms, color=QUIET, linewidth=0.8, linestyle=":")
        beside = {"xytext": (5, 0), "textcoords": "offset points", "color": QUIET, "fontsize": 8}
        axes.annotate("half a chunk", (half_ms, 4.0), **beside)
    axes.set_xscale("log")
    axes.set_xlim(across_ms[0], across_ms[-1])


def _draw_measured(axes: Any, latencies_ms: FloatArray, result: BenchResult, profile: Profile) -> None:
    at_ms = np.maximum(latencies_ms, LEAST_MS)
    idle = [row["idle_pct"] for row in result.rows]
    past_last_row = [row["past_last_row_pct"] for row in result.rows]
    success = [100.0 * float(row["success_rate"] or 0.0) for row in result.rows]
    axes.plot(at_ms, idle, "o", color=OURS, markersize=6, label=f"idle, measured ({profile.execution.strategy})")
    hollow = {"color": OURS, "markerfacecolor": "white", "markersize": 6, "zorder": 1.9}  # behind where they coincide
    axes.plot(at_ms, past_last_row, "o", **hollow, label="idle if settling counts, measured")
    axes.plot(at_ms, success, "s:", color=SUCCESS, markersize=5, linewidth=1.0, label="trials that succeed")


def _label(axes: Any, latencies_ms: FloatArray, profile: Profile) -> None:
    ticks = [ms for ms in TICKS_MS if ms in latencies_ms] or list(latencies_ms)
    axes.set_xticks(np.maximum(ticks, LEAST_MS), [f"{ms:g}" for ms in ticks], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_ylim(-3.0, 104.0)
    axes.set_xlabel("inference latency [ms]")
    axes.set_ylabel("share of time, or of trials [%]")
    axes.set_title(f"{profile.action.horizon} rows at {profile.rate_hz:g} Hz, one request in flight", fontsize=9)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(0.0, 0.76))
