"""How long each hop took, over all inferences of a sitting."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ros_wam.trial.trace import Inference

_PICTURE = ("capture", "encode", "transport", "wait", "decode")
_BEFORE = ("build", "observe", "connect", "prepare", "encode")
_CALL = (*_BEFORE, "round trip", "server", "round trip overhead", "decode", "admit")
_CONTROL = ("publish", "chunk transport", "tick wait", "setpoint", "hand over")
_SUMS = ("software", "whole")
_ORDER = {name: place for place, name in enumerate((*_CALL, *_CONTROL, *_SUMS))}


@dataclass(frozen=True)
class Hop:
    """One hop: its name, how many were measured, and how long they took [ms]."""

    name: str
    count: int
    p50_ms: float
    p99_ms: float


def hops(inferences: Iterable[Inference]) -> list[Hop]:
    """Return every hop that was measured, in the order of `hop_times_ms`."""
    return [
        Hop(name, len(values), *(float(part) for part in np.percentile(values, [50, 99])))
        for name, values in hop_times_ms(inferences).items()
    ]


def hop_times_ms(inferences: Iterable[Inference]) -> dict[str, list[float]]:
    """Return what was measured of each hop [ms], in the order of the way from picture to motor, the sums last."""
    found: dict[str, list[float]] = {}
    for inference in inferences:
        for key, value in inference.hops_ms.items():
            found.setdefault(key.removesuffix("_ms").replace("_", " "), []).append(value)
    return dict(sorted(found.items(), key=lambda item: _place(item[0])))


def _place(name: str) -> tuple[int, str, int]:
    """Return where a hop belongs: those of each picture first, then those of the call and of control."""
    view, _, hop = name.rpartition(" ")
    if name not in _ORDER and hop in _PICTURE:
        return 0, view, _PICTURE.index(hop)
    return 1, "", _ORDER.get(name, len(_ORDER))
