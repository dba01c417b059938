"""What is measured of a trial once its bag is closed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ros_wam.trial.departures import Departure, departures
from ros_wam.trial.trace import Trace
from ros_wam.types import Mode


@dataclass(frozen=True)
class Metrics:
    """The measured fields of a trial; None where the bag does not tell.

    `idle_fraction`: time without a target to follow over time running; time in which a person had the robot is neither.
    `idle_after_first`: the same from the policy's first target on, which leaves out the wait for the first answer.
    `inference_ms`: p50 and p99 of the time from request to answer. `interventions`: how often the safety gate began to
    change a command of the policy, in a demonstration of the leader; holding is not counted. `refusals`: chunks that
    were refused, by reason. `departures`: what departed from plan. `dropped`: messages missing per topic, by their
    numbers where they have one, else by their stamps. `failure_class`: `refused:` and the commonest reason, where the
    robot never followed anything because every chunk was refused.
    """

    idle_fraction: float | None = None
    idle_after_first: float | None = None
    inference_ms: Mapping[str, float] | None = None
    interventions: int | None = None
    refusals: Mapping[str, int] | None = None
    departures: tuple[Departure, ...] | None = None
    dropped: Mapping[str, int] | None = None
    failure_class: str | None = None

    def as_fields(self) -> dict[str, Any]:
        """Return what is known, by the names of `Trial`."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def measure(trace: Trace) -> Metrics:
    """Return the metrics of a trial."""
    ran, refusals = trace.while_running(), _refusals(trace)
    return Metrics(
        idle_fraction=_idle_share(ran, 0),
        idle_after_first=_idle_after_first(ran),
        inference_ms=_inference_ms(ran),
        interventions=_interventions(ran),
        refusals=refusals,
        departures=departures(trace),
        dropped=dict(ran.gaps),
        failure_class=_never_moved(_followed_nothing(ran), refusals),
    )


def _interventions(ran: Trace) -> int:
    begins = np.diff(ran.limited.astype(np.int8), prepend=0) > 0
    if ran.in_mode(Mode.POLICY).any():
        begins &= ~ran.in_mode(Mode.TELEOP)
    return int(np.count_nonzero(begins))


def _idle_share(ran: Trace, first: int) -> float | None:
    """Return the share of the policy's time without a target from tick `first` on; None where it had none."""
    had, idle = ~ran.in_mode(Mode.TELEOP)[first:-1], ran.idle[first:-1]
    periods_s = np.diff(ran.times_s[first:])
    return float(periods_s[had & idle].sum() / periods_s[had].sum()) if had.any() else None


def _idle_after_first(ran: Trace) -> float | None:
    followed = np.flatnonzero(~ran.idle & ~ran.in_mode(Mode.TELEOP))
    return _idle_share(ran, int(followed[0])) if len(followed) else None


def _inference_ms(ran: Trace) -> dict[str, float] | None:
    if not ran.inferences:
        return None
    p50, p99 = np.percentile([inference.latency_ms for inference in ran.inferences], [50, 99])
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}


def _followed_nothing(ran: Trace) -> bool:
    """Return whether the policy had the robot and never had it follow anything."""
    had = ~ran.in_mode(Mode.TELEOP)
    return bool(had.any() and ran.idle[had].all())


def _never_moved(idle: bool, refusals: Mapping[str, int]) -> str | None:
    if not idle or not refusals:
        return None
    return f"refused:{max(refusals, key=lambda reason: refusals[reason])}"


def _refusals(trace: Trace) -> dict[str, int]:
    """Return what admission refused, and what control refused after that, by reason."""
    counts = Counter(inference.refused for inference in trace.while_running().inferences if inference.refused)
    before: Mapping[str, int] = {}
    for said in (said for said in trace.statuses if said.stamp_ns <= trace.end_ns):
        if said.stamp_ns > trace.start_ns:
            counts.update({reason: _more(n, before.get(reason, 0)) for reason, n in said.refusals.items()})
        before = said.refusals or before
    return {reason: n for reason, n in sorted(counts.items()) if n}


def _more(n: int, before: int) -> int:
    return n - before if n >= before else n  # a count that falls is that of a new process
