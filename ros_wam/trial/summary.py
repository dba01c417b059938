"""A sitting in a few numbers. Trials that the infrastructure spoiled count for nothing but themselves."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ros_wam.trial.outcome import Outcome, Trial

_Z95 = 1.959964  # of the normal distribution: 95 % lie within


def summarise(trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the `summary` of results.json; rates and means are over the valid trials, None where there are none.

    `interventions`, `refusals` and `departures` count those of all trials.
    """
    valid = [trial for trial in trials if trial.valid]
    successes = sum(trial.outcome is Outcome.SUCCESS for trial in valid)
    durations = [trial.duration_s for trial in valid if trial.duration_s is not None]
    interventions = [trial.interventions for trial in trials if trial.interventions is not None]
    return {
        "trials": len(trials),
        "valid": len(valid),
        "successes": successes,
        "success_rate": successes / len(valid) if valid else None,
        "success_rate_95": wilson_interval(successes, len(valid)),
        "mean_score": sum(trial.score for trial in valid) / len(valid) if valid else None,
        "mean_duration_s": sum(durations) / len(durations) if durations else None,
        "interventions": sum(interventions) if interventions else None,
        "refusals": _total(trial.refusals for trial in trials),
        "departures": _total({d.cause.value: d.count} for trial in trials for d in trial.departures or ()),
        "causes": dict(sorted(Counter(trial.cause.value for trial in trials if trial.cause is not None).items())),
    }


def _total(counts: Iterable[Mapping[str, int] | None]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count or {})
    return dict(sorted(total.items()))


def wilson_interval(successes: int, trials: int) -> list[float] | None:
    """Return the 95 % Wilson score interval of a success rate; None without trials."""
    if trials == 0:
        return None
    rate, z2 = successes / trials, _Z95**2
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    return [max(0.0, centre - half), min(1.0, centre + half)]
