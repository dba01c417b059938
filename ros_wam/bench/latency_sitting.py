"""One latency of the sweep: a sitting in lockstep whose every answer takes that long, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.bench.result import Cell
from ros_wam.bringup import Request
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import TrialError
from ros_wam.run_config import load_run_config
from ros_wam.sim.lockstep import run_sitting
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.results import load_results
from ros_wam.trial.trace import Trace


@dataclass(frozen=True)
class LatencySitting:
    """What to run, with a profile file that allows the latency."""

    profile: Path
    robot: str
    task: str
    trials: int
    seed: int
    latency_ms: float
    record_dir: Path


@dataclass(frozen=True)
class TrialFigures:
    """Of one trial: the time from the first target on, how much of it without one, and what was refused.

    `limit_ratio`: the largest velocity or acceleration sent to an arm joint, as a share of its limit.
    """

    followed_s: float
    idle_s: float
    refusals: int
    limit_ratio: float


def run_latency(sitting: LatencySitting) -> dict[str, Cell]:
    """Run the sitting and return its row, without what can be told beforehand; raises RosWamError."""
    request = Request(
        robot=sitting.robot,
        policy=str(sitting.profile),
        task=sitting.task,
        sim=True,
        trials=sitting.trials,
        seed=sitting.seed,
        record_dir=sitting.record_dir,
        inference_latency_ms=sitting.latency_ms,
    )
    folder = run_sitting(request, lambda line: None)
    trials = load_results(folder)["trials"]
    invalid = [trial for trial in trials if not trial["valid"]]
    if invalid:
        said = invalid[0]
        raise TrialError(f"a trial is invalid: {said['cause']}: {said['comment']}")
    return latency_row(trials, [trial_figures(folder / trial["bag"]) for trial in trials])


def latency_row(trials: Sequence[dict[str, Any]], measured: Sequence[TrialFigures]) -> dict[str, Cell]:
    """Return the row of the trials of one latency, as in results.json."""
    succeeded = [trial["outcome"] == "success" for trial in trials]
    idle_s, followed_s = sum(trial.idle_s for trial in measured), sum(trial.followed_s for trial in measured)
    return {
        "idle_pct": 100.0 * idle_s / followed_s if followed_s else 100.0,  # no chunk was ever followed
        "success_rate": float(np.mean(succeeded)),
        "duration_s": float(np.mean([trial["duration_s"] for trial in trials])),
        "interventions": sum(trial["interventions"] or 0 for trial in trials),
        "time_outs": sum(str(trial["comment"]).startswith("time limit") for trial in trials),
        "refusals": sum(trial.refusals for trial in measured),
        "limit_ratio": round(max(trial.limit_ratio for trial in measured), 6),  # beyond is the rounding of differences
    }


def trial_figures(bag_dir: Path) -> TrialFigures:
    """Measure the bag of one trial; raises RecordError."""
    ran = read_trace(bag_dir).while_running()
    embodiment = load_embodiment(load_run_config(bag_dir.parent / "config" / "config.yaml").robot)
    idle_s, followed_s = idle_time_s(ran)
    refusals = sum(bool(inference.refused) for inference in ran.inferences)
    return TrialFigures(followed_s, idle_s, refusals, _limit_ratio(ran, embodiment))


def idle_time_s(ran: Trace) -> tuple[float, float]:
    """Return how long there was no target to follow after the first one, and the whole time from that one on [s].

    The wait for the first answer is left out: it is the same for everyone. A chunk is followed until the arm has
    settled at its last row.
    """
    followed = np.flatnonzero(~ran.idle)
    if len(followed) == 0:
        return 0.0, 0.0
    periods_s, idle = np.diff(ran.times_s[followed[0] :]), ran.idle[followed[0] : -1]
    return float(periods_s[idle].sum()), float(periods_s.sum())


def _limit_ratio(ran: Trace, embodiment: Embodiment) -> float:
    sent = ran.sent[np.isfinite(ran.sent).all(axis=1)][:, ~embodiment.is_gripper]
    if len(sent) < 3:
        return 0.0
    velocity = np.diff(sent, axis=0) * embodiment.control_rate_hz
    acceleration = np.diff(velocity, axis=0) * embodiment.control_rate_hz
    arm = ~embodiment.is_gripper
    peaks = np.abs(velocity).max(axis=0) / embodiment.velocity[arm]
    return float(max(peaks.max(), (np.abs(acceleration).max(axis=0) / embodiment.acceleration[arm]).max()))
