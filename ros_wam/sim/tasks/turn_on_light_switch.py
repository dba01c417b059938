"""A panel that stands on the table in front of the arm, with a rocker switch and a lamp; the switch is to be on.

Positions are in the world frame: the table top is z = 0 and the robot, which stands at the origin, looks along -x. The
panel, its yaw and the height of the switch on it hang on springs, for a picture depends on joint positions alone; they
give way like a panel on its stand.
"""

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ros_wam.sim.contact import touches_robot, touching
from ros_wam.types import FloatArray

_CENTRE_M = np.array([-0.51, 0.0])  # of the panel's front
_SPREAD_M = np.array([0.02, 0.10])
_YAW_RAD = 0.20
_LOWEST_M, _HIGHEST_M = 0.14, 0.21  # of the rocker's axle above the table
_BOARD_M = (0.010, 0.090, 0.150)  # half
_GAP_M = 0.001  # below the board: the table's friction would hold it
_PLATE_M = (0.004, 0.043, 0.055)  # half
_ROCKER_M = (0.004, 0.018, 0.024)  # half
_PROUD_M = 0.011  # of the axle before the plate
_TILT_RAD = 0.22
_BEYOND_RAD = 0.4 * _TILT_RAD  # 70 % of the way from off to on
_NEAR_M = 0.03
_CLEAR_M = 0.05
_HOLD_S = 1.0
_SPRINGS = {  # stiffness [N/m, N m/rad], damping [N s/m, N m s/rad]: a finger's 20 N moves the panel by 4 mm
    "panel_x": (5000.0, 250.0),
    "panel_y": (20000.0, 500.0),
    "panel_yaw": (300.0, 5.0),
    "switch_z": (20000.0, 150.0),
}
_GREEN, _DARK = (0.05, 0.62, 0.20, 1.0), (0.13, 0.13, 0.14, 1.0)
_BLUE, _WHITE = (0.10, 0.28, 0.78, 1.0), (0.95, 0.95, 0.94, 1.0)
_LENS, _GLOW = (0.25, 0.22, 0.16, 1.0), (1.0, 0.85, 0.05, 1.0)
_BOX, _CYLINDER = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CYLINDER
_BODIES = ("panel", "switch", "rocker")


class TurnOnLightSwitch:
    """The simulator's side of `turn_on_light_switch`. Seen from the robot, the green upper half is to be pressed in."""

    name = "turn_on_light_switch"

    def __init__(self) -> None:
        self._on_since_s: float | None = None

    def add_to(self, spec: Any) -> None:
        """Add the panel; its body's x axis points out of its front."""
        panel = spec.worldbody.add_body(name="panel", gravcomp=1.0)
        _add_spring(panel, "panel_x", mujoco.mjtJoint.mjJNT_SLIDE, (1.0, 0.0, 0.0))
        _add_spring(panel, "panel_y", mujoco.mjtJoint.mjJNT_SLIDE, (0.0, 1.0, 0.0))
        _add_spring(panel, "panel_yaw", mujoco.mjtJoint.mjJNT_HINGE, (0.0, 0.0, 1.0))
        _add_box(panel, "board", _BOARD_M, (-_BOARD_M[0], 0.0, _BOARD_M[2] + _GAP_M), _BLUE, 3.0)
        switch = panel.add_body(name="switch", gravcomp=1.0)
        _add_spring(switch, "switch_z", mujoco.mjtJoint.mjJNT_SLIDE, (0.0, 0.0, 1.0))
        _add_box(switch, "plate", _PLATE_M, (_PLATE_M[0], 0.0, 0.012), _WHITE, 0.1)
        _add_rocker(spec, switch)
        _add_lamp(spec, switch)

    def lay_out(self, model: Any, data: Any, rng: np.random.Generator) -> None:
        """Put the panel before the robot, turned a little, and the switch at a height of its own; it is off."""
        x, y = _CENTRE_M + rng.uniform(-_SPREAD_M, _SPREAD_M)
        places = {
            "panel_x": x,
            "panel_y": y,
            "panel_yaw": rng.uniform(-_YAW_RAD, _YAW_RAD),
            "switch_z": rng.uniform(_LOWEST_M, _HIGHEST_M),
        }
        for name, place in places.items():
            model.qpos_spring[model.joint(name).qposadr[0]] = place
        for name, place in {**places, "rocker": -_TILT_RAD, "lamp": 0.0}.items():
            data.joint(name).qpos = place
            data.joint(name).qvel = 0.0
        self._on_since_s = None

    def conditions(self, model: Any, data: Any) -> Mapping[str, bool]:
        """Return, by stage name, what holds at this instant."""
        return {
            "fingertip at the switch": _fingers_within(model, data, _NEAR_M),
            "switch touched": any(body.startswith("finger") for body in touching(model, data, "rocker")),
            "switch past 70 percent": _is_on(data),
            "on for 1 s with the arm clear": self.done(model, data),
        }

    def done(self, model: Any, data: Any) -> bool:
        """The switch has been on for 1 s in which the arm was clear of the panel. Ask often: it looks at each call."""
        touched = any(touches_robot(model, data, body) for body in _BODIES)
        if not _is_on(data) or touched or _fingers_within(model, data, _CLEAR_M):
            self._on_since_s = None
            return False
        if self._on_since_s is None:
            self._on_since_s = data.time
        return bool(data.time - self._on_since_s >= _HOLD_S)


def _add_rocker(spec: Any, switch: Any) -> None:
    """A plate on a horizontal axle with stops; a pressed spring behind it pushes it away from the middle.

    At the stops the spring holds with about 0.12 N m: some 6 N of a finger 20 mm from the axle turn it over.
    """
    rocker = switch.add_body(name="rocker", gravcomp=1.0, pos=[2 * _PLATE_M[0] + _PROUD_M, 0.0, 0.0])
    rocker.add_joint(
        name="rocker",
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=[0.0, -1.0, 0.0],  # turns the upper half inwards
        range=[-_TILT_RAD, _TILT_RAD],
        limited=True,
        ref=0.0,
        damping=0.004,
        frictionloss=0.01,
        armature=2e-4,
        solref_limit=[0.01, 1.0],
    )
    thickness, width, half = _ROCKER_M
    _add_box(rocker, "rocker_upper", (thickness, width, half / 2), (0.0, 0.0, half / 2), _GREEN, 0.01)
    _add_box(rocker, "rocker_lower", (thickness, width, half / 2), (0.0, 0.0, -half / 2), _DARK, 0.01)
    rocker.add_site(name="rocker_tail", pos=[-0.012, 0.0, 0.0], group=4)
    switch.add_site(name="spring_seat", pos=[2 * _PLATE_M[0] + _PROUD_M - 0.020, 0.0, 0.0], group=4)
    spring = spec.add_tendon(name="rocker_spring", stiffness=4000.0, springlength=[0.0138, 0.0138], group=4)
    spring.wrap_site("rocker_tail")
    spring.wrap_site("spring_seat")


def _add_lamp(spec: Any, switch: Any) -> None:
    """Above the rocker. What glows comes out of its dark lens with the rocker: colours cannot change, positions can."""
    at = [2 * _PLATE_M[0], 0.0, 0.047]
    _add_disc(switch, "lens", at, 0.001, _LENS)
    lamp = switch.add_body(name="lamp", gravcomp=1.0, pos=at)
    lamp.add_joint(name="lamp", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[1.0, 0.0, 0.0], armature=0.001)
    _add_disc(lamp, "glow", [0.0, 0.0, 0.0], 0.0005, _GLOW)
    spec.add_material(name="glow", rgba=_GLOW, emission=0.8)
    spec.geom("glow").material = "glow"
    link = spec.add_equality(name="lamp", type=mujoco.mjtEq.mjEQ_JOINT, objtype=mujoco.mjtObj.mjOBJ_JOINT)
    link.name1, link.name2 = "lamp", "rocker"
    link.data[:5] = [0.0, 0.003 / _TILT_RAD, 0.0, 0.0, 0.0]


def _add_spring(body: Any, name: str, kind: Any, axis: tuple[float, ...]) -> None:
    stiffness, damping = _SPRINGS[name]
    body.add_joint(name=name, type=kind, axis=axis, stiffness=stiffness, damping=damping)


def _add_box(
    body: Any, name: str, size: tuple[float, ...], pos: tuple[float, ...], rgba: tuple[float, ...], mass: float
) -> None:
    look = {"rgba": rgba, "mass": mass, "condim": 4, "friction": [0.6, 0.01, 0.001], "solref": [0.004, 1.0]}
    body.add_geom(name=name, type=_BOX, size=size, pos=pos, **look)


def _add_disc(body: Any, name: str, pos: list[float], half_height_m: float, rgba: tuple[float, ...]) -> None:
    body.add_geom(
        name=name,
        type=_CYLINDER,
        size=[0.008, half_height_m, 0.0],
        pos=pos,
        quat=[np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0],
        rgba=rgba,
        mass=0.005,
        contype=0,
        conaffinity=0,
    )


def _is_on(data: Any) -> bool:
    return bool(data.joint("rocker").qpos[0] > _BEYOND_RAD)


def _fingers_within(model: Any, data: Any, distance_m: float) -> bool:
    """Return whether any finger is that near to the rocker."""
    rocker: FloatArray = data.body("rocker").xpos
    near = np.linalg.norm(data.geom_xpos - rocker, axis=1) < distance_m + model.geom_rbound + 0.04
    fingers = [k for k in np.flatnonzero(near) if model.body(model.geom_bodyid[k]).name.startswith("finger")]
    halves = [model.geom(name).id for name in ("rocker_upper", "rocker_lower")]
    return any(
        mujoco.mj_geomDistance(model, data, finger, half, 2 * distance_m, None) < distance_m
        for finger in fingers
        for half in halves
    )
