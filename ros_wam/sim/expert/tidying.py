"""Moves everything into the box, the nearest first; what is missed or dropped is tried again from where it is."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ros_wam.policies.grasp import grasp_vectors, opening_for
from ros_wam.policies.scene_memory import Sighting
from ros_wam.policies.things import BOX, CLUTTER, Thing
from ros_wam.policies.tool_vector import at_height
from ros_wam.sim.expert.noise import Noise
from ros_wam.sim.expert.truth import Truth
from ros_wam.sim.expert.waypoint import Waypoint
from ros_wam.types import FloatArray

_HOVER_M, _CARRY_M = 0.120, 0.170
_RELEASE_M = 0.090  # finger tips just above the rim
_LIFTED_M = 0.020
_PLACES_M = {"cube": -0.075, "bar": 0.0, "cylinder": 0.075}  # along the box, so that nothing lands on anything
_INSIDE_M = 0.010  # from the walls
_LOWER_M_S = 0.13  # a robot that follows runs on by what its leader brakes by: here some 3 mm
_LOWEST_M = 0.024  # of a tool that grasps: 9 mm above where the robot is slowed
_CLOSING_S, _OPENING_S = 0.35, 0.20
_BESIDE_M = (0.02, 0.05)  # a near miss: above the table beside the thing
_ABOVE_M = 0.012  # another one: closed fingers above it


def tidying(truth: Truth, noise: Noise) -> Iterator[Waypoint]:
    """Yield the way until everything is in the box and the arm at home."""
    (arm,) = truth.embodiment.arms
    while left := [thing for thing in CLUTTER if not _is_in_box(truth, thing)]:
        tool = truth.tool(arm)
        thing = min(left, key=lambda item: float(np.linalg.norm(truth.place(item.name)[:2] - tool[:2])))
        yield from _picked(truth, noise, arm, thing)
        if _is_held(truth, thing):
            yield from _placed(truth, arm, thing)
    yield Waypoint(arm, truth.home(arm), 1.0)


def _picked(truth: Truth, noise: Noise, arm: str, thing: Thing) -> Iterator[Waypoint]:
    """Go above the thing, down, close, and up; the near miss comes before."""
    grasp, opening = _grasp(truth, arm, thing), opening_for(thing, truth.stroke_m(arm))
    tool = truth.tool(arm)
    if tool[2] < _HOVER_M and np.hypot(*(tool - grasp)[:2]) > 0.01:
        yield Waypoint(arm, at_height(tool, _CARRY_M), opening, early_s=0.2)
    if noise.misses():
        yield from _missed(noise, Waypoint(arm, grasp, opening), thing)
    yield Waypoint(arm, at_height(grasp, _HOVER_M), opening, within_rad=0.03, slack=0.5)
    grasp = _grasp(truth, arm, thing)
    yield Waypoint(arm, grasp, opening, speed_m_s=_LOWER_M_S, within_rad=0.008, slack=0.15)
    yield Waypoint(arm, grasp, 0.0, wait_s=_CLOSING_S, slack=0.0)
    yield Waypoint(arm, at_height(grasp, _CARRY_M), 0.0, within_rad=0.05, slack=0.3)


def _missed(noise: Noise, at: Waypoint, thing: Thing) -> Iterator[Waypoint]:
    """Come down beside the thing and see it, or close the fingers above it."""
    hover = replace(at, tool=at_height(at.tool, _HOVER_M), within_rad=0.03, slack=0.5)
    yield hover
    if noise.rng.random() < 0.5:
        turn, away_m = noise.rng.uniform(-np.pi, np.pi), noise.rng.uniform(*_BESIDE_M)
        off = away_m * np.array([np.cos(turn), np.sin(turn), 0.0, 0.0, 0.0, 0.0])
        low = at_height(at.tool + off, thing.height_m + _BESIDE_M[1])
        yield replace(hover, tool=low, speed_m_s=_LOWER_M_S, slack=0.0)
    else:
        above = at_height(at.tool, thing.height_m + at.tool[2] + _ABOVE_M)
        yield replace(hover, tool=above, speed_m_s=_LOWER_M_S, slack=0.0)
        yield replace(hover, tool=above, opening=0.0, wait_s=_CLOSING_S, slack=0.0)
        yield replace(hover, tool=above, wait_s=_OPENING_S, slack=0.0)


def _placed(truth: Truth, arm: str, thing: Thing) -> Iterator[Waypoint]:
    """Carry it over its place in the box, down, and open."""
    opening = opening_for(thing, truth.stroke_m(arm))
    over = _place(truth, thing, truth.tool(arm))
    yield Waypoint(arm, at_height(over, _CARRY_M), 0.0, within_rad=0.03, slack=0.3)
    if not _is_held(truth, thing):
        return
    over = _place(truth, thing, over)
    yield Waypoint(arm, over, 0.0, speed_m_s=0.3, slack=0.2)
    yield Waypoint(arm, over, opening, wait_s=_OPENING_S, slack=0.0)
    yield Waypoint(arm, at_height(over, _CARRY_M), opening, early_s=0.2)


def _grasp(truth: Truth, arm: str, thing: Thing) -> FloatArray:
    """Return the tool vector `(6,)` that holds the thing: the first that the arm reaches."""
    yaw_now, yaw_home, stroke_m = truth.tool(arm)[3], truth.home(arm)[3], truth.stroke_m(arm)
    others = {item.name: _seen(truth, item) for item in CLUTTER if item is not thing}
    grasps = grasp_vectors(thing, _seen(truth, thing), others, yaw_now, yaw_home, stroke_m)
    grasp = next((grasp for grasp in grasps if truth.reaches(arm, grasp)), grasps[0])
    return at_height(grasp, max(float(grasp[2]), _LOWEST_M))


def _place(truth: Truth, thing: Thing, tool: FloatArray) -> FloatArray:
    box, yaw = truth.place(BOX.name), truth.yaw(BOX.name)
    along = _PLACES_M[thing.name] * np.array([np.cos(yaw), np.sin(yaw)])
    return np.array([*(box[:2] + along), _RELEASE_M, tool[3], 0.0, 0.0])


def _seen(truth: Truth, thing: Thing) -> Sighting:
    x, y, _ = truth.place(thing.name)
    return Sighting(x, y, truth.yaw(thing.name), 0.0, 0)


def _is_held(truth: Truth, thing: Thing) -> bool:
    return bool(truth.place(thing.name)[2] > thing.middle_m + _LIFTED_M) and not _is_in_box(truth, thing)


def _is_in_box(truth: Truth, thing: Thing) -> bool:
    off = truth.axes(BOX.name).T @ (truth.place(thing.name) - truth.place(BOX.name))
    half = np.array(BOX.size_m[:2]) / 2 - _INSIDE_M
    return bool((np.abs(off[:2]) < half).all() and off[2] < BOX.height_m)
