"""What is measured of a trial once its bag is closed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ros_wam.trial.trace import Trace


@dataclass(frozen=True)
class Metrics:
    """The measured fields of a trial; None where the bag does not tell.

    `idle_fraction`: time without a target to follow over time running. `inference_ms`: p50 and p99 of the time from
    request to answer. `interventions`: how often the safety gate began to change a command; holding is not counted.
    `dropped`: messages missing per topic, by their numbers where they have one, else by their stamps.
    """

    idle_fraction: float | None = None
    inference_ms: Mapping[str, float] | None = None
    interventions: int | None = None
    dropped: Mapping[str, int] | None = None

    def as_fields(self) -> dict[str, Any]:
        """Return what is known, by the names of `Trial`."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def measure(trace: Trace) -> Metrics:
    """Return the metrics of a trial."""
    ran = trace.while_running()
    return Metrics(
        idle_fraction=_idle_fraction(ran),
        inference_ms=_inference_ms(ran),
        interventions=int(np.count_nonzero(np.diff(ran.limited.astype(np.int8), prepend=0) > 0)),
        dropped=dict(ran.gaps),
    )


def _idle_fraction(ran: Trace) -> float | None:
    if len(ran.stamp_ns) < 2:
        return None
    periods_s = np.diff(ran.times_s)
    return float(periods_s[ran.idle[:-1]].sum() / periods_s.sum())


def _inference_ms(ran: Trace) -> dict[str, float] | None:
    if not ran.inferences:
        return None
    p50, p99 = np.percentile([inference.latency_ms for inference in ran.inferences], [50, 99])
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}
