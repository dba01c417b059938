"""Stacks the bowls: each arm takes the one on its side by the rim, and leaves before the other comes."""

from collections.abc import Iterator

import numpy as np

from ros_wam.policies.bowls import LARGEST, SMALLER, WALL_TILT_RAD, Bowl
from ros_wam.policies.tool_vector import at_height
from ros_wam.sim.expert.noise import Noise
from ros_wam.sim.expert.truth import Truth
from ros_wam.sim.expert.waypoint import Waypoint
from ros_wam.types import FloatArray

_ABOVE_RIM_M = 0.008  # the tool, so that the pads hold the upper part of the wall
_HOVER_M = 0.130  # finger tips well above every rim
_LIFT_M = 0.105  # what hangs from the fingers clears the stack
_OPENING_M, _RELEASE_OPENING_M = 0.045, 0.022  # around a rim; not so far that a finger meets the bowl below
_FOOT_M, _DROP_M = 0.008, 0.004  # a bowl stands so much higher in another; it is let go so far above that
_LIFTED_M, _NESTED_M = 0.02, 0.015
_CLOSING_S, _OPENING_S = 0.5, 0.3
_LOWER_M_S, _CARRY_M_S = 0.13, 0.25
_SHORT_M = 0.03  # a near miss: the fingers close so far above the rim


def stacking(truth: Truth, noise: Noise) -> Iterator[Waypoint]:
    """Yield the way until both bowls stand in the largest and the arms are at home."""
    for below, bowl in enumerate(SMALLER, start=1):
        while not _is_nested(truth, bowl):
            arm = _arm_beside(truth, bowl)
            yield from _picked(truth, noise, arm, bowl)
            if _is_lifted(truth, bowl):
                yield from _placed(truth, arm, bowl, below)
            yield Waypoint(arm, at_height(truth.tool(arm), _HOVER_M), 1.0, speed_m_s=_CARRY_M_S, slack=0.0)
            yield Waypoint(arm, truth.home(arm), 1.0, within_rad=0.1, slack=0.3)


def _picked(truth: Truth, noise: Noise, arm: str, bowl: Bowl) -> Iterator[Waypoint]:
    """Go down over the rim, close, and up; the near miss comes before."""
    opening, grasp = _OPENING_M / truth.stroke_m(arm), _grasp(truth, arm, bowl, truth.place(bowl.name))
    yield Waypoint(arm, at_height(grasp, _HOVER_M), opening, within_rad=0.03, slack=0.3)
    if noise.misses():
        short = at_height(grasp, grasp[2] + _SHORT_M)
        yield Waypoint(arm, short, opening, speed_m_s=_LOWER_M_S, slack=0.0)
        yield Waypoint(arm, short, 0.0, wait_s=_CLOSING_S, slack=0.0)
        yield Waypoint(arm, short, opening, wait_s=_OPENING_S, slack=0.0)
    yield Waypoint(arm, grasp, opening, speed_m_s=_LOWER_M_S, within_rad=0.006, slack=0.05)
    yield Waypoint(arm, grasp, 0.0, wait_s=_CLOSING_S, slack=0.0)
    lifted = at_height(grasp, grasp[2] + _LIFT_M)
    yield Waypoint(arm, lifted, 0.0, speed_m_s=_LOWER_M_S, within_rad=0.05, slack=0.1)


def _placed(truth: Truth, arm: str, bowl: Bowl, below: int) -> Iterator[Waypoint]:
    """Carry it over the largest, lower it into what stands there, and open."""
    placed = _grasp(truth, arm, bowl, truth.place(LARGEST.name))
    placed[:2] += truth.tool(arm)[:2] - _grasp(truth, arm, bowl, truth.place(bowl.name))[:2]  # as it hangs
    placed[2] += below * _FOOT_M + _DROP_M
    over = at_height(placed, placed[2] + _LIFT_M - below * _FOOT_M)
    yield Waypoint(arm, over, 0.0, speed_m_s=_CARRY_M_S, within_rad=0.02, slack=0.05)
    yield Waypoint(arm, placed, 0.0, speed_m_s=_LOWER_M_S, within_rad=0.01, slack=0.02)
    yield Waypoint(arm, placed, _RELEASE_OPENING_M / truth.stroke_m(arm), wait_s=_OPENING_S, slack=0.0)


def _grasp(truth: Truth, arm: str, bowl: Bowl, place_m: FloatArray) -> FloatArray:
    """Return the tool vector `(6,)` that holds `bowl` by its rim, away from the other arm, when it is at `place_m`."""
    home = truth.home(arm)
    (other,) = (truth.home(name) for name in truth.embodiment.arms if name != arm)
    outwards = (home - other)[:2] / np.linalg.norm((home - other)[:2])
    across = float(np.arctan2(outwards[1], outwards[0]))
    yaw = min((across + k * np.pi for k in range(-3, 4)), key=lambda turn: abs(turn - home[3]))
    tilt = -float(np.cos(yaw - across)) * WALL_TILT_RAD  # the fingers are parallel to the wall
    x, y = place_m[:2] + outwards * bowl.rim_m
    return np.array([x, y, bowl.height_m + _ABOVE_RIM_M, yaw, 0.0, tilt])


def _arm_beside(truth: Truth, bowl: Bowl) -> str:
    place = truth.place(bowl.name)[:2]
    return min(truth.embodiment.arms, key=lambda arm: float(np.linalg.norm(truth.home(arm)[:2] - place)))


def _is_lifted(truth: Truth, bowl: Bowl) -> bool:
    return bool(truth.place(bowl.name)[2] > _LIFTED_M)


def _is_nested(truth: Truth, bowl: Bowl) -> bool:
    return bool(np.linalg.norm((truth.place(bowl.name) - truth.place(LARGEST.name))[:2]) < _NESTED_M)
