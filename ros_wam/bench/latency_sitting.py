"""One latency of the sweep: a sitting in lockstep whose every answer takes that long, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.bench.result import Cell
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import TrialError
from ros_wam.fields import read_action_chunk
from ros_wam.record.bag_reader import BagReader
from ros_wam.request import Request
from ros_wam.run_config import load_run_config
from ros_wam.sim.lockstep import run_sitting
from ros_wam.trial.bag_trace import read_trace
from ros_wam.trial.results import load_results
from ros_wam.trial.smoothness import smoothness
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

    `past_last_row_s`: how much of it after the last row of what was followed, where the arm settles and then idles.
    `limit_ratio`: the largest velocity or acceleration sent to an arm joint, as a share of its limit.
    """

    followed_s: float
    idle_s: float
    past_last_row_s: float
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
    """Return the row of the trials of one latency, as in results.json; raises TrialError where a bag was not read."""
    if any(trial["interventions"] is None for trial in trials):
        raise TrialError("the interventions of a trial are not known: its bag could not be read")
    succeeded = [trial["outcome"] == "success" for trial in trials]
    followed_s = sum(trial.followed_s for trial in measured)
    without_s = sum(trial.idle_s for trial in measured), sum(trial.past_last_row_s for trial in measured)
    # If no chunk was ever followed, all was idle.
    idle_pct, past_last_row_pct = (100.0 * each / followed_s if followed_s else 100.0 for each in without_s)
    return {
        "idle_pct": idle_pct,
        "past_last_row_pct": past_last_row_pct,
        "success_rate": float(np.mean(succeeded)),
        "duration_s": float(np.mean([trial["duration_s"] for trial in trials])),
        "interventions": sum(trial["interventions"] for trial in trials),
        "time_outs": sum(str(trial["comment"]).startswith("time limit") for trial in trials),
        "refusals": sum(trial.refusals for trial in measured),
        "limit_ratio": round(max(trial.limit_ratio for trial in measured), 6),  # beyond is the rounding of differences
    }


def trial_figures(bag_dir: Path) -> TrialFigures:
    """Measure the bag of one trial; raises RecordError, SpecError and TrialError."""
    ran = read_trace(bag_dir).while_running()
    embodiment = load_embodiment(load_run_config(bag_dir.parent / "config" / "config.yaml").robot)
    idle_s, past_last_row_s, followed_s = idle_time_s(ran, last_rows(bag_dir, ran.joint_names))
    refusals = sum(bool(inference.refused) for inference in ran.inferences)
    return TrialFigures(followed_s, idle_s, past_last_row_s, refusals, limit_ratio(ran, embodiment))


def last_rows(bag_dir: Path, joint_names: Sequence[str]) -> dict[int, int]:
    """Return the index of the last row of each chunk; raises RecordError or SpecError."""
    with BagReader(bag_dir) as bag:
        chunks = [read_action_chunk(said.message, joint_names) for said in bag.messages(["action_chunk"])]
    return {chunk.chunk_id: len(chunk.positions) - 1 for chunk in chunks}


def idle_time_s(ran: Trace, last_row: Mapping[int, int]) -> tuple[float, float, float]:
    """Return of the time from the first target on: without a target, past a chunk's last row, and whole [s].

    The wait for the first answer is left out: it is the same for everyone. A chunk is followed until the arm has
    settled at its last row, which is past that row.
    """
    followed = np.flatnonzero(~ran.idle)
    if len(followed) == 0:
        return 0.0, 0.0, 0.0
    ends = np.array([last_row.get(int(number), -1) for number in ran.origin.chunk_id])
    past_last_row = ran.idle | (ran.origin.index == ends)
    ticks = slice(int(followed[0]), -1)
    periods_s = np.diff(ran.times_s[followed[0] :])
    return float(periods_s[ran.idle[ticks]].sum()), float(periods_s[past_last_row[ticks]].sum()), float(periods_s.sum())


def limit_ratio(ran: Trace, embodiment: Embodiment) -> float:
    """Return the largest velocity or acceleration sent, as a share of its limit; raises TrialError without any."""
    peaks = smoothness(ran, embodiment)
    if peaks is None:
        raise TrialError("a trial's bag holds no four ticks in a row, so no acceleration")
    return max(peaks.velocity, peaks.acceleration)
