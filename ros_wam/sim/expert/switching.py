"""Turns the light on: before the switch, in, back; deeper at each further press, until it is on."""

from collections.abc import Iterator

import numpy as np

from ros_wam.policies import tool_vector
from ros_wam.sim.expert.noise import Noise
from ros_wam.sim.expert.truth import Truth
from ros_wam.sim.expert.waypoint import Waypoint
from ros_wam.types import FloatArray

_FLAT_M = 0.023  # the switch's surface half-way, before the panel's front
_GREEN_M = 0.012  # the middle of its green half above the axle
_UP_M = 0.003  # from there, away from the axle
_BEFORE_M = 0.075  # where the hand sets off from
_DEPTH_M, _DEEPER_M = 0.005, 0.004  # beyond half-way: the switch is at its stop by then
_AWAY_M = 0.12  # clear of the panel
_PRESSES = 4
_ASIDE_M = (0.045, 0.065)  # a near miss: to before the panel beside the switch
_SHORT_M = 0.02  # another one: the finger tips stay so far before it


def switching(truth: Truth, noise: Noise) -> Iterator[Waypoint]:
    """Yield the way to the switch, the presses that it takes, and home."""
    (arm,) = truth.embodiment.arms
    for press in range(_PRESSES):
        before = _facing(truth, arm, _FLAT_M + _BEFORE_M)
        if noise.misses():
            yield from _missed(truth, noise, arm)
        yield Waypoint(arm, before, 0.0, within_rad=0.03, slack=0.4)
        pressed = _facing(truth, arm, _FLAT_M - _DEPTH_M - press * _DEEPER_M)
        yield Waypoint(arm, pressed, 0.0, speed_m_s=0.10, within_rad=0.01, wait_s=0.3, slack=0.1)
        yield Waypoint(arm, before, 0.0, speed_m_s=0.2, within_rad=0.05, slack=0.2)
        if truth.joint("rocker") > 0.0:
            break
    yield Waypoint(arm, _facing(truth, arm, _FLAT_M + _AWAY_M), 0.0, early_s=0.2)
    yield Waypoint(arm, truth.home(arm), 1.0)


def _missed(truth: Truth, noise: Noise, arm: str) -> Iterator[Waypoint]:
    """Come before the panel beside the switch, or stop short of it, and see it."""
    if noise.rng.random() < 0.5:
        aside = _facing(truth, arm, _FLAT_M + _BEFORE_M)
        across = truth.axes("panel")[:, 1] * noise.rng.choice([-1.0, 1.0]) * noise.rng.uniform(*_ASIDE_M)
        yield Waypoint(arm, aside + np.append(across, np.zeros(3)), 0.0, within_rad=0.03, slack=0.2)
        return
    for distance_m in (_BEFORE_M, _SHORT_M):
        short = _facing(truth, arm, _FLAT_M + distance_m)
        yield Waypoint(arm, short, 0.0, speed_m_s=0.15, within_rad=0.03, slack=0.1)
    yield Waypoint(arm, _facing(truth, arm, _FLAT_M + _BEFORE_M), 0.0, speed_m_s=0.2, within_rad=0.05, slack=0.2)


def _facing(truth: Truth, arm: str, distance_m: float) -> FloatArray:
    """Return the tool vector `(6,)` that points level at the green half, finger tips that far before the panel."""
    outwards, front = truth.axes("panel")[:, 0], truth.place("panel")
    green = truth.place("switch") + np.array([0.0, 0.0, _GREEN_M + _UP_M])
    down = np.array([0.0, 0.0, -1.0])
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([np.cross(down, -outwards), down, -outwards])
    away_m = distance_m + truth.tip_m(arm) - float(outwards @ (green - front))
    pose[:3, 3] = green + away_m * outwards
    return tool_vector.from_matrix(pose)
