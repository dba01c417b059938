"""A sitting's results as a table for the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ros_wam.cli.progress import OUTCOME_STYLE
from ros_wam.trial.results import load_results


def results_table(sitting: Path) -> tuple[Group, int]:
    """Return the table, sums below it, and how many trials are valid; raises TrialError when there are no results."""
    results = load_results(sitting)
    title = f"{results['task']} · {results['robot']} · {', '.join(results['policies'])}"
    table = Table(title=title, box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))  # fits 80 columns
    for column in ("trial", "outcome", "score", "time", "idle", "p50/p99 ms", "gate", "why"):
        table.add_column(column, justify="left" if column in ("outcome", "why") else "right")
    for trial in results["trials"]:
        inference = trial["inference_ms"] or {}
        table.add_row(
            trial["trial_id"],
            Text(trial["outcome"], style=OUTCOME_STYLE.get(trial["outcome"], "")),
            _number(trial["score"], 100, " %"),
            _number(trial["duration_s"], 1, " s", digits=1),
            _number(trial["idle_fraction"], 100, " %"),
            f"{_number(inference.get('p50'))}/{_number(inference.get('p99'))}",
            _number(trial["interventions"]),
            trial["cause"] or trial["failure_class"] or _recorded(trial),
        )
    summary = results["summary"]
    lines = [f"{summary['successes']} of {summary['valid']} valid trials succeeded"]
    lines += [f"{name}: {_counts(summary[name])}" for name in ("refusals", "departures") if summary[name]]
    return Group(table, *(Text(line) for line in lines)), summary["valid"]


def _recorded(trial: Mapping[str, Any]) -> str:
    """Return what the gate of recordings says of a demonstration that is not good."""
    verdict = (trial.get("quality") or {}).get("verdict", "good")
    return "" if verdict == "good" else f"{verdict} recording"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what} × {count}" for what, count in counts.items())


def _number(value: float | None, factor: float = 1.0, unit: str = "", digits: int = 0) -> str:
    return "–" if value is None else f"{factor * value:.{digits}f}{unit}"
