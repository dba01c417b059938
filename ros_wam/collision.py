"""Whether a robot touches itself or a fixture of its station, from the geoms of its MJCF.

What may collide is what the MJCF says: its excludes, its contype and conaffinity, and that bodies do not collide with
the body that carries them. Fixtures are fixed to the world, and so collide with all that a joint can move.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ros_wam.calibration import Fixture
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError
from ros_wam.types import FloatArray

TOUCH_M = 0.002
"""So deep any two things may be in each other: the primitive shapes of an MJCF are no truer than that."""
FINGER_TOUCH_M = 0.005
"""So deep fingers may be in a fixture: who grasps a flat thing strokes the table; a compliant pad gives as much."""
FARTHEST_M = 1.0
"""Larger distances are not measured, but taken to be this."""
NEAR_M = 0.1
"""Nearer than this, from sphere to sphere around them, two things are measured exactly; our choice, for speed."""
EVERYTHING = 2**31 - 1  # collides with every contype


@dataclass(frozen=True)
class Touch:
    """Two geoms, or a geom and a fixture, that are `depth_m` in each other; negative when they are apart."""

    first: str
    second: str
    depth_m: float


class CollisionModel:
    """A robot among its fixtures. Joint positions are in the embodiment's order. Not for use by two threads at once."""

    def __init__(self, embodiment: Embodiment, fixtures: Mapping[str, Fixture]) -> None:
        """Raise ConfigError if the MJCF does not load, or moves where the embodiment has no joint."""
        self._embodiment = embodiment
        self._model = _compile(embodiment, fixtures)
        self._data = mujoco.MjData(self._model)
        self._qpos, self._columns, self._scale = self._places()
        reach = self._reach()
        self._pairs = self._colliding_pairs()
        first, second = np.array(self._pairs, dtype=np.intp).reshape(-1, 2).T
        self._ends = first, second
        self._radii_m = self._model.geom_rbound[first] + self._model.geom_rbound[second]
        # Joints that move both of two geoms do not move them apart.
        moves = np.where((reach[first] > 0.0) & (reach[second] > 0.0), 0.0, reach[first] + reach[second])
        self._weights = np.zeros((len(self._pairs), len(embodiment.joint_names)))
        np.add.at(self._weights.T, self._columns, (moves * self._scale).T)
        boxes = [self._model.geom(name).id for name in fixtures]
        on_fixture = np.isin(first, boxes) | np.isin(second, boxes)
        by_finger = (self._weights[:, embodiment.is_gripper] > 0.0).any(axis=1)
        self.tolerance_m: FloatArray = np.where(on_fixture & by_finger, FINGER_TOUCH_M, TOUCH_M)
        """`(pairs,)`: how deep each two things may be in each other."""

    def place(self, position: FloatArray) -> None:
        """Put the robot at `position` `(n,)` [rad, grippers 0–1]; its fingers where the grippers are told to be."""
        self._data.qpos[self._qpos] = position[self._columns] * self._scale
        mujoco.mj_kinematics(self._model, self._data)

    def depth_m(self, pairs: ArrayLike) -> FloatArray:
        """Return how deep the things of each of `pairs` are in each other where the robot is; negative: apart.

        Of things that are far apart it is only said how far they are at least, by the spheres around them.
        """
        model, data, (first, second) = self._model, self._data, self._ends
        looked_at = np.asarray(pairs, dtype=np.intp)
        between_m = np.linalg.norm(data.geom_xpos[first[looked_at]] - data.geom_xpos[second[looked_at]], axis=1)
        depth_m = np.maximum(self._radii_m[looked_at] - between_m, -FARTHEST_M)
        for k in np.flatnonzero(depth_m > -NEAR_M):
            depth_m[k] = -mujoco.mj_geomDistance(model, data, *self._pairs[looked_at[k]], FARTHEST_M, None)
        return np.asarray(depth_m)

    def motion_m(self, steps: FloatArray) -> FloatArray:
        """Return `(steps, pairs)`: at most so much two things' distance changes while the joints move by `(steps, n)`.

        Along the straight line in joint space: every point of a geom moves at most by the joint's angle times the
        farthest it can ever be from the joint.
        """
        return np.asarray(np.abs(steps) @ self._weights.T)

    def touch(self, pair: int, depth_m: float) -> Touch:
        """Return one of the pairs by its names."""
        first, second = (self._model.geom(geom).name for geom in self._pairs[pair])
        return Touch(first, second, depth_m)

    def touches(self, position: FloatArray) -> tuple[Touch, ...]:
        """Return what touches at `position` `(n,)`, the deepest first; empty when the robot is free."""
        self.place(position)
        depth_m = self.depth_m(np.arange(len(self._pairs)))
        deepest_first = [int(pair) for pair in np.argsort(-depth_m) if depth_m[pair] > 0.0]
        return tuple(self.touch(pair, float(depth_m[pair])) for pair in deepest_first)

    def _places(self) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
        """For each joint of the MJCF: its address in qpos, the joint of the robot that moves it, and how far."""
        model, names = self._model, self._embodiment.joint_names
        moved = {
            joint: (column, float(model.actuator(name).ctrlrange[1]) if name in self._embodiment.grippers else 1.0)
            for column, name in enumerate(names)
            for joint in joints_of_actuator(model, name, self._embodiment)
        }
        still = [model.joint(joint).name for joint in range(model.njnt) if joint not in moved]
        if still:
            raise ConfigError(
                f"robot {self._embodiment.name}: no actuator of {self._embodiment.model.name} moves {', '.join(still)}"
            )
        columns = np.array([moved[joint][0] for joint in range(model.njnt)], dtype=np.intp)
        scale = np.array([moved[joint][1] for joint in range(model.njnt)])
        return model.jnt_qposadr.astype(np.intp), columns, scale

    def _reach(self) -> FloatArray:
        """`(geoms, joints)`: how far a geom's points can get from a joint that moves it; 1 for a slide, else 0."""
        model = self._model
        reach = np.zeros((model.ngeom, model.njnt))
        for geom in range(model.ngeom):
            body = int(model.geom_bodyid[geom])
            far_m = float(np.linalg.norm(model.geom_pos[geom]) + model.geom_rbound[geom])
            while body:
                joints = range(model.body_jntadr[body], model.body_jntadr[body] + model.body_jntnum[body])
                offsets_m = 2.0 * sum(float(np.linalg.norm(model.jnt_pos[joint])) for joint in joints)
                slides = [joint for joint in joints if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_SLIDE]
                far_m += offsets_m + sum(float(np.abs(model.jnt_range[joint]).max()) for joint in slides)
                for joint in joints:
                    reach[geom, joint] = 1.0 if joint in slides else far_m
                far_m += float(np.linalg.norm(model.body_pos[body]))
                body = int(model.body_parentid[body])
        return reach

    def _colliding_pairs(self) -> list[tuple[int, int]]:
        model = self._model
        excluded = {divmod(int(signature), 2**16) for signature in model.exclude_signature}
        return [pair for pair in combinations(range(model.ngeom), 2) if _collide(model, *pair, excluded)]


def joints_of_actuator(model: Any, name: str, embodiment: Embodiment) -> list[int]:
    """Return the joints of the MJCF that the robot's joint `name` moves: one, or a gripper's fingers by their tendon.

    Raises ConfigError if the MJCF has no such actuator.
    """
    actuator = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_ACTUATOR, name)
    if actuator < 0:
        raise ConfigError(f"robot {embodiment.name}: {embodiment.model.name} has no actuator {name!r}")
    target = int(model.actuator_trnid[actuator, 0])
    if model.actuator_trntype[actuator] == mujoco.mjtTrn.mjTRN_JOINT:
        return [target]
    first, count = int(model.tendon_adr[target]), int(model.tendon_num[target])
    return [int(model.wrap_objid[i]) for i in range(first, first + count)]


def _compile(embodiment: Embodiment, fixtures: Mapping[str, Fixture]) -> Any:
    try:
        spec = mujoco.MjSpec.from_file(str(embodiment.model))
        for name, fixture in fixtures.items():
            low, high = np.array(fixture.min_m), np.array(fixture.max_m)
            spec.worldbody.add_geom(
                name=name,
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=(high - low) / 2.0,
                pos=(high + low) / 2.0,
                contype=EVERYTHING,
                conaffinity=EVERYTHING,
            )
        return spec.compile()
    except ValueError as error:
        raise ConfigError(f"robot {embodiment.name}: {embodiment.model} with its fixtures: {error}") from error


def _collide(model: Any, first: int, second: int, excluded: set[tuple[int, int]]) -> bool:
    """Whether MuJoCo would have the two geoms collide."""
    bodies = sorted(int(model.geom_bodyid[geom]) for geom in (first, second))
    welds = [int(model.body_weldid[body]) for body in bodies]
    carriers = [int(model.body_weldid[model.body_parentid[weld]]) for weld in welds]
    if welds[0] == welds[1] or (all(welds) and (welds[0] == carriers[1] or welds[1] == carriers[0])):
        return False
    if (bodies[0], bodies[1]) in excluded:
        return False
    types = model.geom_contype[[first, second]] & model.geom_conaffinity[[second, first]]
    return bool(types.any())
