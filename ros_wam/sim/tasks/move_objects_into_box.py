"""Three objects on the table and an open white box beside them; all of them belong in the box.

Positions are in the world frame; the table top is z = 0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ros_wam.sim.contact import touches_robot, touching
from ros_wam.types import FloatArray

_AREA_MIN_M = np.array([-0.60, -0.26])
_AREA_MAX_M = np.array([-0.36, 0.02])  # a hand that is 0.2 m wide takes hold of things there, clear of the box
_CLEARANCE_M = 0.045  # between two objects' circles: a finger (12 mm) goes between, with room for a missed yaw
_BOX_CENTRE_M = np.array([-0.46, 0.255])
_BOX_SPREAD_M = 0.015
_BOX_INNER_M = np.array([0.13, 0.10])  # half
_BOX_HEIGHT_M = 0.07
_WALL_M = 0.003  # half
_LIFTED_M = 0.015
_ON_TABLE_M = 0.010  # a box that stands is this near to the table's height
_TILT_RAD = math.radians(10.0)
_CLEAR_M = 0.05
_RESTING_M_S = 0.05


@dataclass(frozen=True)
class _Object:
    """One object: half extents as MuJoCo counts them, mass, colour."""

    name: str
    shape: Any
    size: tuple[float, ...]
    mass_kg: float
    rgba: tuple[float, float, float, float]

    @property
    def half_height_m(self) -> float:
        return self.size[2] if self.shape == mujoco.mjtGeom.mjGEOM_BOX else self.size[1]

    @property
    def radius_m(self) -> float:
        """The circle around it as seen from above."""
        return math.hypot(self.size[0], self.size[1]) if self.shape == mujoco.mjtGeom.mjGEOM_BOX else self.size[0]


OBJECTS = (
    _Object("cube", mujoco.mjtGeom.mjGEOM_BOX, (0.02, 0.02, 0.02), 0.06, (0.85, 0.10, 0.09, 1.0)),
    _Object("cylinder", mujoco.mjtGeom.mjGEOM_CYLINDER, (0.021, 0.026), 0.07, (0.08, 0.60, 0.22, 1.0)),
    _Object("bar", mujoco.mjtGeom.mjGEOM_BOX, (0.045, 0.015, 0.016), 0.08, (0.10, 0.25, 0.86, 1.0)),
)
"""The objects; their colours and shapes are facts of the task that a policy may know."""


class MoveObjectsIntoBox:
    """The simulator's side of `move_objects_into_box`."""

    name = "move_objects_into_box"

    def add_to(self, spec: Any) -> None:
        """Add the box and the objects, all free to move, so that they can be bumped into."""
        for item in OBJECTS:
            body = _free_body(spec, item.name)
            _add_geom(body, item.name, item.shape, item.size, rgba=item.rgba, mass=item.mass_kg)
        box = _free_body(spec, "box")
        inner_x, inner_y = _BOX_INNER_M
        half_height = _BOX_HEIGHT_M / 2 - _WALL_M / 2  # only the floor stands on the table
        z = _BOX_HEIGHT_M - half_height
        walls = {
            "box_floor": ((inner_x + 2 * _WALL_M, inner_y + 2 * _WALL_M, _WALL_M), (0.0, 0.0, _WALL_M)),
            "box_left": ((inner_x, _WALL_M, half_height), (0.0, inner_y + _WALL_M, z)),
            "box_right": ((inner_x, _WALL_M, half_height), (0.0, -inner_y - _WALL_M, z)),
            "box_front": ((_WALL_M, inner_y + 2 * _WALL_M, half_height), (-inner_x - _WALL_M, 0.0, z)),
            "box_back": ((_WALL_M, inner_y + 2 * _WALL_M, half_height), (inner_x + _WALL_M, 0.0, z)),
        }
        for name, (size, position) in walls.items():
            _add_geom(box, name, mujoco.mjtGeom.mjGEOM_BOX, size, position, rgba=(0.96, 0.96, 0.94, 1.0), mass=0.2)

    def lay_out(self, model: Any, data: Any, rng: np.random.Generator) -> None:
        """Put the box within 15 mm of its place, and the objects apart, anywhere in the area beside it."""
        box = _BOX_CENTRE_M + rng.uniform(-_BOX_SPREAD_M, _BOX_SPREAD_M, 2)
        _place(model, data, "box", (box[0], box[1], 0.0), 0.0)
        centres = _apart([item.radius_m for item in OBJECTS], rng)
        for item, centre in zip(OBJECTS, centres, strict=True):
            _place(model, data, item.name, (centre[0], centre[1], item.half_height_m), rng.uniform(-np.pi, np.pi))

    def conditions(self, model: Any, data: Any) -> Mapping[str, bool]:
        """Return, by stage name, what holds at this instant."""
        held = {item.name: _is_held(model, data, item) for item in OBJECTS}
        above = {item.name: held[item.name] and _is_above_box(data, item.name) for item in OBJECTS}
        inside = {item.name: _rests_in_box(model, data, item.name) for item in OBJECTS}
        holds = {f"{name} grasped": value for name, value in held.items()}
        holds |= {f"{name} above the box": value for name, value in above.items()}
        holds |= {f"{name} in the box": value for name, value in inside.items()}
        holds["all in the box and the arm clear"] = self.done(model, data)
        return holds

    def done(self, model: Any, data: Any) -> bool:
        """All objects rest in the box, released, and the arm is clear: a trial that ends misses no stage."""
        return all(_rests_in_box(model, data, item.name) for item in OBJECTS) and _arm_is_clear(model, data)


def _free_body(spec: Any, name: str) -> Any:
    body = spec.worldbody.add_body(name=name)
    body.add_freejoint(name=name)
    return body


def _add_geom(
    body: Any,
    name: str,
    shape: Any,
    size: tuple[float, ...],
    position: tuple[float, ...] = (0.0, 0.0, 0.0),
    **look: Any,
) -> None:
    body.add_geom(
        name=name,
        type=shape,
        size=[*size, 0.0, 0.0][:3],
        pos=position,
        condim=4,
        friction=[0.8, 0.01, 0.001],
        solref=[0.004, 1.0],
        **look,
    )


def _place(model: Any, data: Any, name: str, position_m: tuple[float, ...], yaw_rad: float) -> None:
    joint = model.joint(name)
    data.qpos[joint.qposadr[0] : joint.qposadr[0] + 7] = [*position_m, np.cos(yaw_rad / 2), 0, 0, np.sin(yaw_rad / 2)]
    data.qvel[joint.dofadr[0] : joint.dofadr[0] + 6] = 0.0


def _apart(radii_m: list[float], rng: np.random.Generator) -> list[FloatArray]:
    """Return one centre per circle, all in the area and apart. The area is large enough for this to end soon."""
    while True:
        centres = [rng.uniform(_AREA_MIN_M, _AREA_MAX_M) for _ in radii_m]
        if all(
            np.linalg.norm(centres[i] - centres[j]) >= radii_m[i] + radii_m[j] + _CLEARANCE_M
            for i in range(len(radii_m))
            for j in range(i)
        ):
            return centres


def _in_box_frame(data: Any, name: str) -> FloatArray:
    """`(3,)`: an object's centre in the box's frame, whose origin is the middle of its underside [m]."""
    box = data.body("box")
    position: FloatArray = box.xmat.reshape(3, 3).T @ (data.body(name).xpos - box.xpos)
    return position


def _over_opening(position_m: FloatArray) -> bool:
    return bool((np.abs(position_m[:2]) < _BOX_INNER_M).all())


def _stands(data: Any) -> bool:
    """The box stands on the table, upright."""
    box = data.body("box")
    return bool(box.xmat[8] > math.cos(_TILT_RAD) and abs(box.xpos[2]) < _ON_TABLE_M)


def _is_held(model: Any, data: Any, item: _Object) -> bool:
    if data.body(item.name).xpos[2] <= item.half_height_m + _LIFTED_M:  # contacts are asked for only when they matter
        return False
    touched = touching(model, data, item.name)
    fingers = all(any(body.startswith(side) for body in touched) for side in ("finger_left", "finger_right"))
    return fingers and "world" not in touched


def _is_above_box(data: Any, name: str) -> bool:
    position = _in_box_frame(data, name)
    return _over_opening(position) and bool(position[2] > _BOX_HEIGHT_M)


def _rests_in_box(model: Any, data: Any, name: str) -> bool:
    position = _in_box_frame(data, name)
    address = model.joint(name).dofadr[0]
    return (
        _stands(data)
        and _over_opening(position)
        and bool(0.0 < position[2] < _BOX_HEIGHT_M)
        and bool(np.linalg.norm(data.qvel[address : address + 3]) < _RESTING_M_S)
        and not touches_robot(model, data, name)
    )


def _arm_is_clear(model: Any, data: Any) -> bool:
    box = data.body("box")
    away = data.site("tool").xpos - box.xpos
    aside = box.xmat.reshape(3, 3).T @ away
    outside = bool((np.abs(aside[:2]) > _BOX_INNER_M + _CLEAR_M).any())
    return (outside or bool(away[2] > _BOX_HEIGHT_M + _CLEAR_M)) and not touches_robot(model, data, "box")
