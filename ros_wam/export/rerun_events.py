"""What happened in an episode, in words on its time axis: chunks, interventions, stages, who had the robot."""

from dataclasses import dataclass

import numpy as np

from ros_wam.causes import Limit
from ros_wam.export.episode import Episode
from ros_wam.export.rerun_names import CHUNKS, INTERVENTIONS, SOURCE, STAGES
from ros_wam.trial.outcome import Trial
from ros_wam.types import Mode


@dataclass(frozen=True, order=True)
class Event:
    """One line of the log; `level` is one of Rerun's: INFO, WARN, ERROR."""

    stamp_ns: int
    text: str
    level: str = "INFO"


def events(episode: Episode) -> dict[str, list[Event]]:
    """Return the events by entity, each list in the order of time."""
    return {
        CHUNKS: _chunks(episode),
        INTERVENTIONS: _interventions(episode),
        SOURCE: [
            Event(each.start_ns, f"{each.mode.value} has the robot", _level(each.mode)) for each in episode.segments
        ],
        STAGES: _stages(episode.trial),
    }


def summary(trial: Trial, prompt: str) -> str:
    """Return what came of the trial, as Markdown."""
    lines = [f"## {trial.task} · {trial.robot} · {trial.policy}", f"“{prompt}”", ""]
    valid = "" if trial.valid else " — does not count"
    lines.append(f"**{trial.outcome.value}**, score {trial.score:.0%}{valid}")
    facts = {
        "cause": None if trial.cause is None else trial.cause.value,
        "failure class": trial.failure_class,
        "takeovers": trial.takeovers or None,
        "comment": trial.comment or None,
        "duration": None if trial.duration_s is None else f"{trial.duration_s:.1f} s",
        "seed": trial.seed,
    }
    lines += ["", *(f"- {name}: {value}" for name, value in facts.items() if value is not None), ""]
    lines += ["| stage | points |", "|---|---|"] if trial.stages else []
    for stage in trial.stages:
        retries = f", {stage.retries} retr{'y' if stage.retries == 1 else 'ies'}" if stage.retries else ""
        lines.append(f"| {stage.name} | {stage.points:g} of {stage.max_points:g}{retries} |")
    return "\n".join(lines)


def _level(mode: Mode) -> str:
    return {Mode.FAULT: "ERROR", Mode.TELEOP: "WARN"}.get(mode, "INFO")


def _chunks(episode: Episode) -> list[Event]:
    """Return one for every chunk that control began to follow."""
    trace = episode.trace
    rows = np.searchsorted(trace.stamp_ns, episode.chunk_starts_ns)
    return [
        Event(
            int(trace.stamp_ns[row]),
            f"chunk {int(trace.origin.chunk_id[row])} of inference {int(trace.origin.inference_id[row])}"
            f" from its row {int(trace.origin.index[row])}",
        )
        for row in rows
    ]


def _interventions(episode: Episode) -> list[Event]:
    """Return one where each of the gate's limits begins to change what is sent, and with which joints."""
    trace, found = episode.trace, []
    for limit in Limit:
        acts = (trace.origin.limits & int(limit)) != 0
        for row in np.flatnonzero(np.diff(acts.astype(np.int8), prepend=0) == 1).tolist():
            joints = ", ".join(trace.origin.changes(row, trace.joint_names).get(limit, ())) or "every joint"
            found.append(Event(int(trace.stamp_ns[row]), f"{limit.name}: {joints}", "WARN"))
    return sorted(found)


def _stages(trial: Trial) -> list[Event]:
    reached = (stage for stage in trial.stages if stage.stamp_ns is not None)
    return sorted(
        Event(stage.stamp_ns or 0, f"{stage.name}: {stage.points:g} of {stage.max_points:g} points")
        for stage in reached
    )
