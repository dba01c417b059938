"""A sitting in a few numbers. Trials that the infrastructure spoiled count for nothing but themselves."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ros_wam.trial.outcome import Outcome, Trial

UNCLASSIFIED = "unclassified"
_Z95 = 1.959964  # of the normal distribution: 95 % lie within


def summarise(trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the `summary` of results.json; rates and means are over the valid trials, None where there are none.

    `interventions`, `takeovers`, `refusals` and `departures` count those of all trials, `failure_classes` the valid
    trials that failed, by what failed, "unclassified" where nobody said. `policies` has the same of each policy.
    """
    names = sorted({trial.policy for trial in trials})
    each = {name: _summary([trial for trial in trials if trial.policy == name]) for name in names}
    return {**_summary(trials), "policies": each}


def _summary(trials: Sequence[Trial]) -> dict[str, Any]:
    valid = [trial for trial in trials if trial.valid]
    scores = sum(trial.score for trial in valid)
    successes = sum(trial.outcome is Outcome.SUCCESS for trial in valid)
    durations = [trial.duration_s for trial in valid if trial.duration_s is not None]
    idles = [trial.idle_fraction for trial in valid if trial.idle_fraction is not None]
    interventions = [trial.interventions for trial in trials if trial.interventions is not None]
    return {
        "trials": len(trials),
        "valid": len(valid),
        "successes": successes,
        "success_rate": successes / len(valid) if valid else None,
        "success_rate_95": wilson_interval(successes, len(valid)),
        "mean_score": scores / len(valid) if valid else None,
        "mean_score_95": wilson_interval(scores, len(valid)),
        "mean_duration_s": sum(durations) / len(durations) if durations else None,
        "inference_ms": _latency(valid),
        "idle_fraction": sum(idles) / len(idles) if idles else None,
        "interventions": sum(interventions) if interventions else None,
        "takeovers": sum(trial.takeovers for trial in trials),
        "failure_classes": _total({trial.failure_class or UNCLASSIFIED: 1} for trial in valid if _failed(trial)),
        "refusals": _total(trial.refusals for trial in trials),
        "departures": _total({d.cause.value: d.count} for trial in trials for d in trial.departures or ()),
        "causes": dict(sorted(Counter(trial.cause.value for trial in trials if trial.cause is not None).items())),
    }


def _failed(trial: Trial) -> bool:
    return trial.outcome is Outcome.FAILURE


def _latency(trials: Sequence[Trial]) -> dict[str, float] | None:
    """Return the mean of the trials' p50, and the worst of their p99 [ms]; None where none was measured."""
    measured = [trial.inference_ms for trial in trials if trial.inference_ms is not None]
    if not measured:
        return None
    return {"p50": sum(each["p50"] for each in measured) / len(measured), "p99": max(each["p99"] for each in measured)}


def _total(counts: Iterable[Mapping[str, int] | None]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count or {})
    return dict(sorted(total.items()))


def wilson_interval(successes: float, trials: int) -> list[float] | None:
    """Return the 95 % Wilson score interval of a success rate; None without trials.

    With a sum of scores from 0 to 1 it is one of their mean, and cautious: of all such scores with the same mean, those
    that are 0 or 1 scatter most.
    """
    if trials == 0:
        return None
    rate, z2 = successes / trials, _Z95**2
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    return [max(0.0, centre - half), min(1.0, centre + half)]
