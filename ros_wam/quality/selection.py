"""Which trials of a sitting an exporter may take, and why not the others."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ros_wam.errors import TrialError
from ros_wam.quality.bag import judge
from ros_wam.quality.finding import Severity
from ros_wam.quality.verdict import Verdict, quality_from_json
from ros_wam.trial.outcome import Outcome, Trial
from ros_wam.trial.results import read_trials


@dataclass(frozen=True)
class Selection:
    """The trials that are taken, in order, and of each other one its id and why it is left out."""

    kept: tuple[Trial, ...]
    left_out: tuple[tuple[str, str], ...]


def select(
    folder: Path,
    *,
    outcomes: Collection[Outcome] = (Outcome.SUCCESS,),
    include_bad: bool = False,
    only: Collection[str] = (),
) -> Selection:
    """Return which finished trials of the sitting `folder` to take: those that ended so, and whose record is not bad.

    What nobody has judged yet is judged now. `only` names trials by id: no others are taken. Raises TrialError when a
    trial cannot be read, or when `only` names one that does not exist.
    """
    trials = read_trials(folder)
    known = [trial.trial_id for trial in trials]
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise TrialError(f"{folder} holds no trial {', '.join(unknown)}; there are: {', '.join(known) or 'none'}")
    reasons = [(trial, _why_not(folder, trial, outcomes, include_bad, only)) for trial in trials]
    kept = tuple(trial for trial, reason in reasons if reason is None)
    return Selection(kept, tuple((trial.trial_id, reason) for trial, reason in reasons if reason is not None))


def _why_not(
    folder: Path, trial: Trial, outcomes: Collection[Outcome], include_bad: bool, only: Collection[str]
) -> str | None:
    """Return why `trial` is left out, None when it is taken."""
    if only and trial.trial_id not in only:
        return "not asked for"
    if trial.outcome not in outcomes:
        wanted = " or ".join(outcome.value for outcome in Outcome if outcome in outcomes)
        return f"its outcome is {trial.outcome.value}; wanted: {wanted}"
    if trial.bag is None:
        return "nothing was recorded"
    if include_bad:
        return None
    if not trial.valid:
        return f"it does not count: {'no cause given' if trial.cause is None else trial.cause.value}"
    quality = quality_from_json(trial.quality or judge(folder / trial.bag, trial))
    if quality.verdict is Verdict.BAD:
        bad = (finding.check.value for finding in quality.findings if finding.severity is Severity.BAD)
        return f"its quality is bad: {', '.join(dict.fromkeys(bad))}"
    return None
