"""A sitting as a page of Markdown: what a pull request or a chat can show."""

from collections.abc import Mapping, Sequence
from typing import Any

from ros_wam.trial.outcome import Trial
from ros_wam.trial.sitting import Sitting

_COLUMNS = (
    "trial",
    "outcome",
    "score",
    "time",
    "idle",
    "inference p50 / p99",
    "interventions",
    "missing",
    "invalid because",
)


def render_markdown(sitting: Sitting, summary: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    """Return the page: summary, table of trials, the stages of each, what was run."""
    lines = [
        f"# {sitting.prompt}",
        "",
        f"{sitting.task} on {sitting.robot} ({'simulated' if sitting.sim else 'real'} station), "
        f"policy {', '.join(sitting.policies)}, sitting {sitting.sitting}",
        "",
        _summary(summary),
        "",
        *_table(_COLUMNS, [_row(trial) for trial in trials]),
        "",
        *_stages(trials),
        *_comments(trials),
        "## What was run",
        "",
        f"- seed {sitting.seed}, {sitting.trials} trials planned",
        f"- git revision: {sitting.git_revision or 'not a checkout'}",
        f"- versions: {', '.join(f'{name} {number}' for name, number in sitting.versions.items())}",
        f"- machine: {', '.join(f'{name} {value}' for name, value in sitting.machine.items())}",
    ]
    return "\n".join(lines) + "\n"


def _summary(summary: Mapping[str, Any]) -> str:
    if summary["success_rate"] is None:
        return f"No valid trial among {summary['trials']}."
    low, high = summary["success_rate_95"]
    return (
        f"**{summary['successes']} of {summary['valid']} valid trials succeeded** "
        f"({100 * summary['success_rate']:.0f} %, 95 % interval {100 * low:.0f}–{100 * high:.0f} %), "
        f"mean score {100 * summary['mean_score']:.0f} %, {summary['trials'] - summary['valid']} invalid."
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return head + [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]


def _row(trial: Trial) -> list[str]:
    inference = trial.inference_ms
    return [
        trial.trial_id,
        trial.outcome.value,
        f"{100 * trial.score:.0f} %",
        "–" if trial.duration_s is None else f"{trial.duration_s:.1f} s",
        "–" if trial.idle_fraction is None else f"{100 * trial.idle_fraction:.1f} %",
        "–" if inference is None else f"{inference['p50']:.0f} / {inference['p99']:.0f} ms",
        "–" if trial.interventions is None else str(trial.interventions),
        "–" if trial.dropped is None else str(sum(trial.dropped.values())),
        "" if trial.cause is None else trial.cause.value,
    ]


def _stages(trials: Sequence[Trial]) -> list[str]:
    """One row per stage, one column per trial."""
    names = dict.fromkeys(stage.name for trial in trials for stage in trial.stages)
    rows = [[name, *(_points(trial, name) for trial in trials)] for name in names]
    return ["## Stages", "", *_table(("stage", *(trial.trial_id for trial in trials)), rows), ""] if rows else []


def _points(trial: Trial, name: str) -> str:
    stage = next((stage for stage in trial.stages if stage.name == name), None)
    if stage is None:
        return "–"
    retries = f", {stage.retries} {'retry' if stage.retries == 1 else 'retries'}" if stage.retries else ""
    return f"{stage.points:g} of {stage.max_points:g}{retries}"


def _comments(trials: Sequence[Trial]) -> list[str]:
    said = [f"- {trial.trial_id}: {trial.comment}" for trial in trials if trial.comment]
    return ["## Comments", "", *said, ""] if said else []
