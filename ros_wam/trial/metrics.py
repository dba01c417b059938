"""What is measured of a trial once its bag is closed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_wam.causes import Limit
from ros_wam.trial.trace import Trace


@dataclass(frozen=True)
class Metrics:
    """The measured fields of a trial; None where the bag does not tell.

    `idle_fraction`: time without a target to follow over time running. `inference_ms`: p50 and p99 of the time from
    request to answer. `interventions`: how often the safety gate began to change a command; holding is not counted.
    `dropped`: messages missing per topic, by their stamps.
    """

    idle_fraction: float | None = None
    inference_ms: Mapping[str, float] | None = None
    interventions: int | None = None
    dropped: Mapping[str, int] | None = None

    def as_fields(self) -> dict[str, Any]:
        """Return what is known, by the names of `Trial`."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def measure(trace: Trace | None) -> Metrics:
    """Return the metrics of a trial; all None without a trace."""
    if trace is None:
        return Metrics()
    return Metrics(
        idle_fraction=_idle_fraction(trace),
        inference_ms=_inference_ms(trace),
        interventions=_interventions(trace),
        dropped=dict(trace.gaps),
    )


def _idle_fraction(trace: Trace) -> float | None:
    running = trace.running()
    if running.sum() < 2:
        return None
    idle = np.isnan(trace.target[running]).all(axis=1)
    periods = np.diff(trace.stamp_ns[running])
    return float(periods[idle[:-1]].sum() / periods.sum())


def _inference_ms(trace: Trace) -> dict[str, float] | None:
    latencies = [i.latency_ms for i in trace.inferences if trace.start_ns <= i.stamp_ns <= trace.end_ns]
    if not latencies:
        return None
    p50, p99 = np.percentile(latencies, [50, 99])
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}


def _interventions(trace: Trace) -> int:
    changed: NDArray[np.bool_] = np.not_equal(trace.limit[trace.running()] & ~int(Limit.HOLD), 0)
    return int(np.count_nonzero(changed[1:] & ~changed[:-1]) + changed[:1].sum())
