"""What a force sensor between flange and gripper would feel, from MuJoCo's contacts."""

import math
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ros_wam.embodiment import Arm
from ros_wam.types import FloatArray

SMOOTHING_S = 0.01
"""Time constant of the sensor's low-pass: our choice, shorter than the shortest press that control reacts to."""


class ToolForce:
    """One arm's sensor. It feels what touches anything beyond the last joint, gripper and fingers included.

    Forces between the fingers and what they hold cancel, so that of a grasp only the object's weight and inertia are
    felt. The gripper's own weight is not: a controller subtracts the payload that it was told of, the empty gripper.
    """

    def __init__(self, model: Any, data: Any, arm: Arm) -> None:
        """`data` is up to date: the base frame is taken from it."""
        self._model, self._data = model, data
        beyond = np.zeros(model.nbody, dtype=bool)
        beyond[model.jnt_bodyid[model.joint(arm.joints[-1]).id]] = True
        for body in range(1, model.nbody):
            beyond[body] |= beyond[model.body_parentid[body]]
        self._is_tool = beyond[model.geom_bodyid]
        self._tool = model.site(arm.tool_site).id
        self._R_base_world = data.body(arm.base_frame).xmat.reshape(3, 3).T.copy()
        self._share = -math.expm1(-model.opt.timestep / SMOOTHING_S)
        self.wrench = np.zeros(6)
        """`(6,)` force [N] and torque about the tool site [N m] that the surroundings exert, in the base frame."""

    def reset(self) -> None:
        """Forget what was felt."""
        self.wrench = np.zeros(6)

    def feel(self) -> None:
        """Take note of one physics step. Call it when the contact forces are those of the contacts in the list."""
        self.wrench = self.wrench * (1.0 - self._share)
        first, second = self._is_tool[self._data.contact.geom].T
        touching = (first != second).nonzero()[0]
        if touching.size:
            self.wrench += self._felt(touching, second) * self._share

    def _felt(self, touching: NDArray[np.intp], second: NDArray[np.bool_]) -> FloatArray:
        contacts, tool_m = self._data.contact, self._data.site_xpos[self._tool]
        force, torque, local = np.zeros(3), np.zeros(3), np.zeros(6)
        for k in touching:
            mujoco.mj_contactForce(self._model, self._data, k, local)  # on the second geom, in the contact's frame
            frame = contacts.frame[k].reshape(3, 3).T * (1.0 if second[k] else -1.0)
            pushed = frame @ local[:3]
            force += pushed
            torque += frame @ local[3:] + _cross(contacts.pos[k] - tool_m, pushed)
        return np.concatenate([self._R_base_world @ force, self._R_base_world @ torque])


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """What `np.cross` returns, at a tenth of its cost for two vectors."""
    (a0, a1, a2), (b0, b1, b2) = a.tolist(), b.tolist()
    return np.array([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0])
