"""The way from a captured frame to the first setpoint that came of it, hop by hop, on the simulated UR5.

The whole stack runs in real time: cameras, policy server, recorder. Every inference that was followed counts.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ros_wam.bench.recorded_station import recorded_station
from ros_wam.bench.result import BenchResult, Cell
from ros_wam.errors import TrialError
from ros_wam.record.bag_reader import BagReader
from ros_wam.trial.hops import hop_times_ms
from ros_wam.trial.statuses import PolicySaid
from ros_wam.trial.trace import Inference

ROBOT = "ur5"
_SPANS = ("observe", "round trip", "hand over")
"""From one stamp to another, over hops that have rows of their own."""
_SUMS = ("software", "whole")
_NOT_SOFTWARE = ("capture", "wait", "server")
"""Last words of hops: rendering, waiting to be asked for or for the next tick, inference."""

Hops = Mapping[str, Sequence[float]]


def observation(seconds: float, show: Callable[[str], None]) -> BenchResult:
    """Measure for `seconds`; raises ConfigError and TrialError."""
    with tempfile.TemporaryDirectory() as folder:
        bags = recorded_station(ROBOT, seconds, Path(folder), show)
        show("reading the bags")
        hops = hop_times_ms(inference for bag in bags for inference in read_inferences(bag))
    return BenchResult("observation", observation_figures(hops), tuple(hop_rows(hops)))


def read_inferences(bag_dir: Path) -> list[Inference]:
    """Return what `policy_status` tells of each inference; several hops may lack in one.

    To them is added `round_trip_overhead`, what the round trip takes beyond the server's inference.
    """
    said = PolicySaid()
    with BagReader(bag_dir) as bag:
        for message in bag.messages(["policy_status"]):
            said.take(message.message)
    return [_with_overhead(inference) for inference in said.inferences]


def _with_overhead(inference: Inference) -> Inference:
    told = inference.hops_ms
    if "round_trip_ms" not in told or "server_ms" not in told:
        return inference
    return replace(inference, hops_ms={**told, "round_trip_overhead_ms": told["round_trip_ms"] - told["server_ms"]})


def observation_figures(hops: Hops) -> dict[str, float]:
    """Return the figures; raises TrialError when no inference was followed."""
    software, whole = hops.get("software", ()), hops.get("whole", ())
    if not software:
        raise TrialError("no inference was followed by a setpoint, so no hop was measured")
    named = {
        "p50_ms": (software, 50),
        "p99_ms": (software, 99),
        "whole_p50_ms": (whole, 50),
        "whole_p99_ms": (whole, 99),
    }
    figures = {name: round(float(np.percentile(values, share)), 3) for name, (values, share) in named.items()}
    return {**figures, "inferences": float(len(software))}


def hop_rows(hops: Hops) -> list[dict[str, Cell]]:
    """Return one row for each of `hops`, in their order, but for those that span others.

    In one inference, the hops marked as software add up to `software`; of the views' encode and transport, which go on
    side by side, only the longest counts.
    """
    return [
        {
            "hop": name,
            "software": "sum" if name in _SUMS else "no" if name.endswith(_NOT_SOFTWARE) else "yes",
            **{f"p{share}_ms": round(float(np.percentile(times_ms, share)), 3) for share in (50, 90, 99)},
            "max_ms": round(max(times_ms), 3),
            "source": "measured",
        }
        for name, times_ms in hops.items()
        if name not in _SPANS
    ]
