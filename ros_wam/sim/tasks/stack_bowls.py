"""Three bowls on the table between two arms: the largest in the middle, a smaller one on each arm's side.

The medium one belongs in the largest and the small one in the medium. World coordinates; the table top is z = 0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ros_wam.sim.contact import touches_robot, touching
from ros_wam.types import FloatArray

_SEGMENTS = 16
_WALL_M = 0.002  # half
_FOOT_M = 0.008  # so much a nested bowl's rim stands out, if both are of one height
_COLLAR_M = 0.024  # the upper part of the wall, which is nearly upright
_COLLAR_TILT_RAD = math.radians(7.0)
_DENSITY_KG_M3 = 900.0  # polypropylene
_MIDDLE_M = np.array([-0.34, 0.0])
_MIDDLE_SPREAD_M = 0.02
_SIDE_MIN_M, _SIDE_MAX_M = np.array([-0.41, 0.18]), np.array([-0.27, 0.24])  # x, distance from the middle line
_LIFTED_M = 0.015
_AXIS_M = 0.015
_ON_TABLE_M = 0.010  # a foot that stands is this near to the table's height
_TILT_RAD = math.radians(10.0)
_CLEAR_M = 0.05
_RESTING_M_S = 0.05
_ARMS = ("left", "right")


@dataclass(frozen=True)
class _Bowl:
    """A round bowl on a foot: radii of the foot and of the rim (middle of the wall), height of the rim, colour."""

    name: str
    foot_m: float
    rim_m: float
    height_m: float
    rgba: tuple[float, float, float, float]


LARGEST = _Bowl("large bowl", 0.042, 0.075, 0.050, (0.10, 0.25, 0.86, 1.0))
SMALLER = (
    _Bowl("medium bowl", 0.034, 0.061, 0.053, (0.08, 0.60, 0.22, 1.0)),
    _Bowl("small bowl", 0.027, 0.048, 0.056, (0.85, 0.10, 0.09, 1.0)),
)
"""The bowls that are to be stacked; their sizes and colours are facts of the task that a policy may know."""
_BELOW = {SMALLER[0].name: LARGEST, SMALLER[1].name: SMALLER[0]}


class StackBowls:
    """The simulator's side of `stack_bowls`."""

    name = "stack_bowls"

    def add_to(self, spec: Any) -> None:
        """Add the bowls, all free to move."""
        for bowl in (LARGEST, *SMALLER):
            _add_bowl(spec, bowl)

    def lay_out(self, model: Any, data: Any, rng: np.random.Generator) -> None:
        """Put the largest bowl near the middle and the others one on each side, which on which by chance."""
        _place(model, data, LARGEST.name, _MIDDLE_M + rng.uniform(-_MIDDLE_SPREAD_M, _MIDDLE_SPREAD_M, 2), rng)
        first_side = rng.choice([-1.0, 1.0])
        for bowl, side in zip(SMALLER, (first_side, -first_side), strict=True):
            x, away = rng.uniform(_SIDE_MIN_M, _SIDE_MAX_M)
            _place(model, data, bowl.name, np.array([x, side * away]), rng)

    def conditions(self, model: Any, data: Any) -> Mapping[str, bool]:
        """Return, by stage name, what holds at this instant."""
        holds: dict[str, bool] = {}
        for bowl in SMALLER:
            held = _is_held(model, data, bowl)
            holds[f"{bowl.name} grasped"] = held
            holds[f"{bowl.name} above the largest"] = held and _is_above_largest(data, bowl)
            holds[f"{bowl.name} nested"] = _is_nested(model, data, bowl)
        holds["both nested and the arms clear"] = self.done(model, data)
        return holds

    def done(self, model: Any, data: Any) -> bool:
        """The bowls are stacked on the table, released, and both arms are clear of the stack."""
        return all(_is_nested(model, data, bowl) for bowl in SMALLER) and _arms_are_clear(model, data)


def _add_bowl(spec: Any, bowl: _Bowl) -> None:
    """A disc as the foot and two rings of tilted boxes as the wall: flared below, nearly upright above."""
    body = spec.worldbody.add_body(name=bowl.name)
    body.add_freejoint(name=bowl.name)
    half_foot = _FOOT_M / 2
    _add_geom(
        body,
        f"{bowl.name} foot",
        bowl,
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=[bowl.foot_m, half_foot, 0.0],
        pos=[0.0, 0.0, half_foot],
    )
    bend_m = bowl.rim_m - _COLLAR_M * math.tan(_COLLAR_TILT_RAD)
    bend = (bend_m, bowl.height_m - _COLLAR_M)
    rings = {"flare": ((bowl.foot_m, half_foot), bend), "collar": (bend, (bowl.rim_m, bowl.height_m))}
    for ring, (low, high) in rings.items():
        for segment in range(_SEGMENTS):
            _add_segment(body, f"{bowl.name} {ring} {segment}", bowl, low, high, 2 * np.pi * segment / _SEGMENTS)


def _add_segment(
    body: Any, name: str, bowl: _Bowl, low: tuple[float, float], high: tuple[float, float], turn_rad: float
) -> None:
    """One box from `low` to `high`, each radius and height [m]; wide enough to meet its neighbours at the top."""
    (low_r, low_z), (high_r, high_z) = low, high
    tilt = math.atan2(high_r - low_r, high_z - low_z)
    quat, about_z, about_y = np.zeros(4), np.zeros(4), np.zeros(4)
    mujoco.mju_axisAngle2Quat(about_z, [0.0, 0.0, 1.0], turn_rad)
    mujoco.mju_axisAngle2Quat(about_y, [0.0, 1.0, 0.0], tilt)
    mujoco.mju_mulQuat(quat, about_z, about_y)
    radius = (low_r + high_r) / 2
    _add_geom(
        body,
        name,
        bowl,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[_WALL_M, high_r * math.tan(np.pi / _SEGMENTS), math.hypot(high_r - low_r, high_z - low_z) / 2],
        pos=[radius * math.cos(turn_rad), radius * math.sin(turn_rad), (low_z + high_z) / 2],
        quat=quat,
    )


def _add_geom(body: Any, name: str, bowl: _Bowl, **shape: Any) -> None:
    body.add_geom(
        name=name,
        rgba=bowl.rgba,
        density=_DENSITY_KG_M3,
        condim=4,
        friction=[0.4, 0.01, 0.001],
        solref=[0.004, 1.0],
        **shape,
    )


def _place(model: Any, data: Any, name: str, middle_m: FloatArray, rng: np.random.Generator) -> None:
    joint, yaw = model.joint(name), rng.uniform(-np.pi, np.pi)
    pose = [*middle_m, 0.0, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]
    data.qpos[joint.qposadr[0] : joint.qposadr[0] + 7] = pose
    data.qvel[joint.dofadr[0] : joint.dofadr[0] + 6] = 0.0


def _in_frame_of(data: Any, other: str, name: str) -> FloatArray:
    """`(3,)`: where the middle of a bowl's underside is in the frame of another [m]."""
    frame = data.body(other)
    position: FloatArray = frame.xmat.reshape(3, 3).T @ (data.body(name).xpos - frame.xpos)
    return position


def _is_held(model: Any, data: Any, bowl: _Bowl) -> bool:
    if data.body(bowl.name).xpos[2] <= _LIFTED_M:  # contacts are asked for only when they matter
        return False
    touched = touching(model, data, bowl.name)
    by_an_arm = any({f"{arm}_finger_left", f"{arm}_finger_right"} <= touched for arm in _ARMS)
    return by_an_arm and not touched & {"world", LARGEST.name, *(other.name for other in SMALLER)}


def _is_above_largest(data: Any, bowl: _Bowl) -> bool:
    position = _in_frame_of(data, LARGEST.name, bowl.name)
    return bool(np.hypot(position[0], position[1]) < LARGEST.rim_m and position[2] > 0.0)


def _is_nested(model: Any, data: Any, bowl: _Bowl) -> bool:
    """It lies in the bowl that it belongs in, foot in foot, at rest and released; and so on down to the table."""
    below = _BELOW[bowl.name]
    position, address = _in_frame_of(data, below.name, bowl.name), model.joint(bowl.name).dofadr[0]
    return (
        bool(np.hypot(position[0], position[1]) < _AXIS_M)
        and bool(0.0 < position[2] < 2 * _FOOT_M)
        and bool(_upwards(data, below) @ _upwards(data, bowl) > math.cos(_TILT_RAD))
        and bool(np.linalg.norm(data.qvel[address : address + 3]) < _RESTING_M_S)
        and not touches_robot(model, data, bowl.name)
        and (_stands(data) if below is LARGEST else _is_nested(model, data, below))
    )


def _stands(data: Any) -> bool:
    """The largest bowl stands on the table, upright."""
    upright = _upwards(data, LARGEST)[2] > math.cos(_TILT_RAD)
    return bool(upright and abs(data.body(LARGEST.name).xpos[2]) < _ON_TABLE_M)


def _upwards(data: Any, bowl: _Bowl) -> FloatArray:
    """`(3,)`: the direction from its foot to its rim."""
    axis: FloatArray = data.body(bowl.name).xmat.reshape(3, 3)[:, 2]
    return axis


def _arms_are_clear(model: Any, data: Any) -> bool:
    """No arm touches the largest bowl, and each tool is beside the stack or well above it."""
    largest = data.body(LARGEST.name).xpos
    for arm in _ARMS:
        tool = data.site(f"{arm}_tool").xpos - largest
        beside = np.hypot(tool[0], tool[1]) > LARGEST.rim_m + _CLEAR_M
        if not beside and tool[2] < LARGEST.height_m + 2 * _CLEAR_M:
            return False
    return not touches_robot(model, data, LARGEST.name)
