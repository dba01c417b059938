"""A sitting as a page of Markdown: what a pull request or a chat can show."""

from collections.abc import Mapping, Sequence
from typing import Any

from ros_wam.trial import report_policies as policies
from ros_wam.trial.episode import Episode
from ros_wam.trial.hops import Hop
from ros_wam.trial.outcome import Trial
from ros_wam.trial.report_details import COLUMNS, ROWS, all_hops, happenings, why
from ros_wam.trial.report_quality import quality_rows
from ros_wam.trial.sitting import Sitting


def render_markdown(sitting: Sitting, summary: Mapping[str, Any], episodes: Sequence[Episode]) -> str:
    """Return the page: summary, table of trials, the stages of each, what departed from plan, what was run."""
    trials = [episode.trial for episode in episodes]
    lines = [
        f"# {sitting.prompt}",
        "",
        f"{sitting.task} on {sitting.robot} ({'simulated' if sitting.sim else 'real'} station), "
        f"policy {', '.join(sitting.policies)}, sitting {sitting.sitting}",
        "",
        _summary(summary),
        "",
        *_table(policies.COLUMNS, policies.policy_rows(summary)),
        "",
        *_table(COLUMNS, [_row(trial) for trial in trials]),
        "",
        *_stages(trials),
        *_comments(trials),
        *_quality(trials),
        *_happenings(episodes),
        *_smoothness(episodes),
        *_hops(all_hops(episodes)),
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
    least, most = summary["mean_score_95"]
    return (
        f"**{summary['successes']} of {summary['valid']} valid trials succeeded** "
        f"({100 * summary['success_rate']:.0f} %, 95 % interval {100 * low:.0f}–{100 * high:.0f} %), "
        f"mean score {100 * summary['mean_score']:.0f} % ({100 * least:.0f}–{100 * most:.0f} %), "
        f"{summary['trials'] - summary['valid']} invalid."
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
        "–" if trial.refusals is None else str(sum(trial.refusals.values())),
        "–" if trial.dropped is None else str(sum(trial.dropped.values())),
        why(trial),
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


def _quality(trials: Sequence[Trial]) -> list[str]:
    rows = quality_rows(trials)
    return ["## Recordings", "", *_table(("trial", "quality", "found"), rows), ""] if rows else []


def _happenings(episodes: Sequence[Episode]) -> list[str]:
    rows = [
        [episode.trial.trial_id, f"{at_s:.2f} s", what, did, evidence]
        for episode in episodes
        for at_s, what, did, evidence in happenings(episode)[:ROWS]
    ]
    head = ["## Departures from plan", ""]
    return [*head, *_table(("trial", "at", "what", "action", "evidence"), rows), ""] if rows else []


def _smoothness(episodes: Sequence[Episode]) -> list[str]:
    measured = [(episode.trial.trial_id, p) for episode in episodes if (p := episode.smoothness) is not None]
    rows = [
        [name, f"{p.velocity:.2f}", f"{p.acceleration:.2f}", f"{p.jerk:.2f}", f"{1e3 * p.narrowed_rad:.1f} mrad"]
        for name, p in measured
    ]
    columns = ("trial", "velocity", "acceleration", "jerk", "largest change by the gate")
    return ["## Peaks of what was sent, as shares of the limits", "", *_table(columns, rows), ""] if rows else []


def _hops(found: Sequence[Hop]) -> list[str]:
    rows = [[hop.name, f"{hop.p50_ms:.2f} ms", f"{hop.p99_ms:.2f} ms", str(hop.count)] for hop in found]
    return ["## Latency, hop by hop", "", *_table(("hop", "p50", "p99", "measured"), rows), ""] if rows else []
