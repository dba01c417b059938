"""Presses the three buttons in order; a press that did not count is tried again."""

from collections.abc import Iterator

import numpy as np

from ros_wam.policies.buttons import TOP_M
from ros_wam.policies.tool_vector import at_height
from ros_wam.sim.expert.noise import Noise
from ros_wam.sim.expert.truth import Truth
from ros_wam.sim.expert.waypoint import Waypoint
from ros_wam.sim.tasks.press_three_buttons import ORDER
from ros_wam.types import FloatArray

_HOVER_M = 0.07  # finger tips above a button
_DEPTH_M = 0.010  # of a press: it counts from 6 mm on, and the button is at its stop at 14 mm
_PRESS_M_S = 0.10  # faster, the robot would run on to that stop
_PRESSED_M = 0.007  # seen so deep it counted
_SHORT_M = 0.012  # a near miss: the finger tips stay so far above the button
_BESIDE_M = (0.03, 0.06)  # another one: they come down beside it, to above its top
_TRIES = 3


def pressing(truth: Truth, noise: Noise) -> Iterator[Waypoint]:
    """Yield the way through all presses and home."""
    (arm,) = truth.embodiment.arms
    for colour in ORDER:
        for _ in range(_TRIES):
            over = _over(truth, arm, colour)
            if noise.misses():
                yield from _missed(noise, arm, over)
            yield Waypoint(arm, over, 0.0, within_rad=0.03, slack=0.5)
            over = _over(truth, arm, colour)
            down = at_height(over, over[2] - _HOVER_M - _DEPTH_M)
            yield Waypoint(arm, down, 0.0, speed_m_s=_PRESS_M_S, within_rad=0.01, wait_s=0.1, slack=0.1)
            pressed = -truth.joint(f"{colour}_button") > _PRESSED_M
            yield Waypoint(arm, over, 0.0, early_s=0.15, slack=0.3)
            if pressed:
                break
    yield Waypoint(arm, truth.home(arm), 1.0)


def _missed(noise: Noise, arm: str, over: FloatArray) -> Iterator[Waypoint]:
    """Come down too little above the button, or beside it, and see it."""
    above_m = over[2] - _HOVER_M
    off = np.zeros(6)
    if noise.rng.random() < 0.5:
        turn, away_m = noise.rng.uniform(-np.pi, np.pi), noise.rng.uniform(*_BESIDE_M)
        off[:2] = away_m * np.array([np.cos(turn), np.sin(turn)])
    yield Waypoint(arm, over + off, 0.0, within_rad=0.03, slack=0.5)
    low = at_height(over + off, above_m + _SHORT_M)
    yield Waypoint(arm, low, 0.0, speed_m_s=_PRESS_M_S, within_rad=0.01, wait_s=0.1, slack=0.0)


def _over(truth: Truth, arm: str, colour: str) -> FloatArray:
    """Return the tool vector `(6,)` with the finger tips above the middle of a button."""
    x, y, _ = truth.place(f"{colour}_housing")
    return np.array([x, y, TOP_M + truth.tip_m(arm) + _HOVER_M, truth.home(arm)[3], 0.0, 0.0])
