"""A sitting's results as a table for the terminal."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from ros_wam.cli.progress import OUTCOME_STYLE
from ros_wam.trial.results import load_results


def results_table(sitting: Path) -> tuple[Table, int]:
    """Return the table and how many trials are valid; raises TrialError when there are no results."""
    results = load_results(sitting)
    trials = results["trials"]
    table = Table(title=f"{results['task']} · {results['robot']} · {', '.join(results['policies'])}")
    for column in ("trial", "outcome", "score", "duration", "idle", "inference p50 / p99", "interventions", "cause"):
        table.add_column(column, justify="left" if column in ("outcome", "cause") else "right")
    for trial in trials:
        inference = trial["inference_ms"] or {}
        table.add_row(
            trial["trial_id"],
            Text(trial["outcome"], style=OUTCOME_STYLE.get(trial["outcome"], "")),
            f"{100 * trial['score']:.0f} %",
            f"{trial['duration_s']:.1f} s",
            _number(trial["idle_fraction"], 100, " %"),
            f"{_number(inference.get('p50'))} / {_number(inference.get('p99'))} ms",
            _number(trial["interventions"]),
            "" if trial["valid"] else f"invalid: {trial['cause']}",
        )
    valid = sum(1 for trial in trials if trial["valid"])
    succeeded = sum(1 for trial in trials if trial["valid"] and trial["outcome"] == "success")
    table.caption = f"{succeeded} of {valid} valid trials succeeded"
    return table, valid


def _number(value: float | None, factor: float = 1.0, unit: str = "") -> str:
    return "–" if value is None else f"{factor * value:.0f}{unit}"
