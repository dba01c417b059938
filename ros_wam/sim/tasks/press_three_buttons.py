"""Three round buttons on sprung slides, to be pressed one after the other in the order that the prompt names.

Positions are in the world frame; the table top is z = 0.
"""

import math
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ros_wam.sim.contact import touches_robot
from ros_wam.types import FloatArray

ORDER = ("pink", "blue", "green")
"""The colours as the task's prompt names them."""
_RGBA = {"pink": (0.93, 0.30, 0.58, 1.0), "blue": (0.10, 0.25, 0.86, 1.0), "green": (0.08, 0.60, 0.22, 1.0)}
_AREA_MIN_M = np.array([-0.58, -0.24])
_AREA_MAX_M = np.array([-0.36, 0.06])
_APART_M = 0.12  # between two buttons' middles: a hand that presses one is clear of the other
_HOUSING_RADIUS_M, _HOUSING_HEIGHT_M, _HOUSING_KG = 0.040, 0.040, 0.6
_CAP_RADIUS_M, _CAP_HEIGHT_M, _CAP_KG = 0.025, 0.018, 0.02
_TRAVEL_M = 0.014
_STIFFNESS_N_M, _PRELOAD_N, _DAMPING_NS_M = 400.0, 2.0, 3.0  # 2 N to begin with, 7.6 N at the bottom
_PRESSED_M, _UP_M = 0.006, 0.003
_TILT_RAD = math.radians(10.0)
_CLEAR_M = 0.05
_TOP_M = _HOUSING_HEIGHT_M + _CAP_HEIGHT_M


class PressThreeButtons:
    """The simulator's side of `press_three_buttons`. Remembers what was pressed since the buttons were laid out."""

    name = "press_three_buttons"

    def __init__(self) -> None:
        self._pressed: list[str] = []
        self._down: set[str] = set()

    def add_to(self, spec: Any) -> None:
        """Add the buttons. Their housings only stand on the table, so that they can be bumped into."""
        for colour in ORDER:
            housing = spec.worldbody.add_body(name=_housing(colour))
            housing.add_freejoint(name=_housing(colour))
            half = _HOUSING_HEIGHT_M / 2
            _add_cylinder(housing, _HOUSING_RADIUS_M, half, half, _HOUSING_KG, (0.27, 0.28, 0.30, 1.0))
            cap = housing.add_body(name=_cap(colour), pos=[0.0, 0.0, _HOUSING_HEIGHT_M])
            cap.add_joint(
                name=_cap(colour),
                type=mujoco.mjtJoint.mjJNT_SLIDE,
                axis=[0.0, 0.0, 1.0],
                limited=True,
                range=[-_TRAVEL_M, 0.0],
                stiffness=_STIFFNESS_N_M,
                springref=_PRELOAD_N / _STIFFNESS_N_M,
                damping=_DAMPING_NS_M,
                solref_limit=[0.004, 1.0],
            )
            _add_cylinder(cap, _CAP_RADIUS_M, _CAP_HEIGHT_M / 2, _CAP_HEIGHT_M / 2, _CAP_KG, _RGBA[colour])

    def lay_out(self, model: Any, data: Any, rng: np.random.Generator) -> None:
        """Put the buttons apart, anywhere in the area, so in any arrangement; nothing has been pressed yet."""
        for colour, (x, y) in zip(ORDER, _apart(len(ORDER), rng), strict=True):
            housing, cap = model.joint(_housing(colour)), model.joint(_cap(colour))
            data.qpos[housing.qposadr[0] : housing.qposadr[0] + 7] = [x, y, 0.0, 1.0, 0.0, 0.0, 0.0]
            data.qvel[housing.dofadr[0] : housing.dofadr[0] + 6] = 0.0
            data.qpos[cap.qposadr[0]] = data.qvel[cap.dofadr[0]] = 0.0
        self._pressed, self._down = [], set()

    def conditions(self, model: Any, data: Any) -> Mapping[str, bool]:
        """Return, by stage name, what holds at this instant: a press counts while no wrong one was before it."""
        self._watch(model, data)
        holds = {f"{colour} pressed": self._right(k + 1) for k, colour in enumerate(ORDER)}
        holds["all pressed in order and the arm clear"] = self.done(model, data)
        return holds

    def done(self, model: Any, data: Any) -> bool:
        """The buttons were pressed once each in the right order, and the arm is clear of them."""
        self._watch(model, data)
        return len(self._pressed) == len(ORDER) and self._right(len(ORDER)) and _arm_is_clear(model, data)

    def _right(self, count: int) -> bool:
        return tuple(self._pressed[:count]) == ORDER[:count]

    def _watch(self, model: Any, data: Any) -> None:
        """Note presses; a button that was pressed has to come up before it can be pressed again.

        Several at once, and one that is pressed while another is still down, are one wrong press.
        """
        depths_m = {colour: -float(data.joint(_cap(colour)).qpos[0]) for colour in ORDER}
        self._down = {colour for colour in self._down if depths_m[colour] >= _UP_M}
        deep = [colour for colour in ORDER if colour not in self._down and depths_m[colour] > _PRESSED_M]
        begun = [colour for colour in deep if _is_pushed(model, data, colour)]
        if begun:
            self._down.update(begun)
            self._pressed.append(" and ".join(sorted(self._down)))


def _housing(colour: str) -> str:
    return f"{colour}_housing"


def _cap(colour: str) -> str:
    return f"{colour}_button"


def _add_cylinder(
    body: Any, radius_m: float, half_m: float, z_m: float, mass_kg: float, rgba: tuple[float, ...]
) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=[radius_m, half_m, 0.0],
        pos=[0.0, 0.0, z_m],
        condim=4,
        friction=[0.8, 0.01, 0.001],
        solref=[0.004, 1.0],
        mass=mass_kg,
        rgba=rgba,
    )


def _apart(count: int, rng: np.random.Generator) -> FloatArray:
    """Return middles `(count, 2)` in the area, apart. The area is large enough for this to end soon."""
    while True:
        middles = rng.uniform(_AREA_MIN_M, _AREA_MAX_M, (count, 2))
        if all(np.linalg.norm(middles[i] - middles[j]) >= _APART_M for i in range(count) for j in range(i)):
            return middles


def _is_pushed(model: Any, data: Any, colour: str) -> bool:
    """The robot touches the cap, and the housing is upright: what else pushes a cap in is no press."""
    upright = data.body(_housing(colour)).xmat[8] > math.cos(_TILT_RAD)
    return bool(upright) and touches_robot(model, data, _cap(colour))


def _arm_is_clear(model: Any, data: Any) -> bool:
    tool = data.site("tool").xpos
    for colour in ORDER:
        beside = np.linalg.norm(tool[:2] - data.body(_housing(colour)).xpos[:2]) > _HOUSING_RADIUS_M + _CLEAR_M
        if not beside and tool[2] < _TOP_M + _CLEAR_M:
            return False
        if touches_robot(model, data, _housing(colour)) or touches_robot(model, data, _cap(colour)):
            return False
    return True
