"""The way from a captured frame to the first setpoint that came of it, hop by hop, on the simulated UR5.

The whole stack runs in real time: cameras, policy server, recorder. Every inference that was followed counts.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ros_wam.bench.recorded_station import recorded_station
from ros_wam.bench.result import BenchResult, Cell
from ros_wam.errors import TrialError
from ros_wam.fields import read_diagnostics
from ros_wam.record.bag_reader import BagReader

ROBOT = "ur5"
_MS = "_ms"
_SUMS = ("observe", "round_trip", "latency", "hand_over", "software", "whole")
"""What several hops take together; the other names are hops."""
_NOT_SOFTWARE = ("capture", "wait", "server", "tick_wait")
"""Rendering, waiting to be asked for, inference, waiting for the next tick."""

Hops = Mapping[str, Sequence[float]]


def observation(seconds: float, show: Callable[[str], None]) -> BenchResult:
    """Measure for `seconds`; raises ConfigError and TrialError."""
    with tempfile.TemporaryDirectory() as folder:
        bags = recorded_station(ROBOT, seconds, Path(folder), show)
        show("reading the bags")
        hops: defaultdict[str, list[float]] = defaultdict(list)
        for bag in bags:
            for name, values in read_hops(bag).items():
                hops[name] += values
    return BenchResult("observation", observation_figures(hops), tuple(hop_rows(hops)))


def read_hops(bag_dir: Path) -> dict[str, list[float]]:
    """Return what `policy_status` tells of each hop [ms], by name; several hops may lack in one inference.

    `round_trip_overhead` is what the round trip takes beyond the server's inference.
    """
    hops: defaultdict[str, list[float]] = defaultdict(list)
    with BagReader(bag_dir) as bag:
        for message in bag.messages(["policy_status"]):
            for status in read_diagnostics(message.message)[1]:
                said = {name.removesuffix(_MS): value for name, value in status.values.items() if name.endswith(_MS)}
                known = {name: float(value) for name, value in said.items() if value}
                for name, value_ms in known.items():
                    hops[name].append(value_ms)
                    if name == "round_trip" and "server" in known:
                        hops["round_trip_overhead"].append(value_ms - known["server"])
    return hops


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
    """Return one row for each hop, in the order of the line, and then the sums.

    In one inference, the hops marked as software add up to `software`; of the views' encode and transport, which go on
    side by side, only the longest counts.
    """
    ordered = sorted(hops, key=lambda name: name in _SUMS)  # the sort is stable
    return [
        {
            "hop": name,
            "software": "sum" if name in _SUMS else "no" if name.endswith(_NOT_SOFTWARE) else "yes",
            **{f"p{share}_ms": round(float(np.percentile(hops[name], share)), 3) for share in (50, 90, 99)},
            "max_ms": round(max(hops[name]), 3),
            "source": "measured",
        }
        for name in ordered
    ]
