"""Where a robot's tools are, and which joint positions bring a tool to a pose, from the robot's MJCF."""

import math
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, PoseUnreachable
from ros_wam.types import FloatArray

POSITION_TOLERANCE_M = 1e-5
ROTATION_TOLERANCE_RAD = 1e-4
MAX_ITERATIONS = 200
DAMPING = 1e-3
MAX_STEP_RAD = 0.3


@dataclass(frozen=True, eq=False)
class _Chain:
    """One arm in the MJCF: its columns of the joint array, and addresses of joints, tool site and base body."""

    columns: NDArray[np.intp]
    qpos: NDArray[np.intp]
    dofs: NDArray[np.intp]
    site: int
    base: int


class Kinematics:
    """Forward and inverse kinematics of every arm. Not for use by two threads at once."""

    def __init__(self, embodiment: Embodiment) -> None:
        try:
            self._model = mujoco.MjModel.from_xml_path(str(embodiment.model))
        except ValueError as error:
            raise ConfigError(f"robot {embodiment.name}: cannot load {embodiment.model}: {error}") from error
        self._data = mujoco.MjData(self._model)
        self._embodiment = embodiment
        self._chains = {name: self._chain(name) for name in embodiment.arms}

    def tool_pose(self, position: FloatArray, arm: str | None = None) -> FloatArray:
        """Return T_base_tool `(4, 4)` [m] at the joint positions `(n,)`; `arm` defaults to the first."""
        chain = self._chains[arm or next(iter(self._chains))]
        self._place(chain, position)
        return self._pose(chain)

    def tool_position(self, position: FloatArray, arm: str | None = None) -> FloatArray:
        """Return the tool's `(3,)` position in the base frame [m]."""
        chain = self._chains[arm or next(iter(self._chains))]
        self._place(chain, position)
        return self._position(chain)

    def body_pose(self, body: str, arm: str) -> FloatArray:
        """Return T_base_body `(4, 4)` [m] of a body that does not move, such as an arm's own base.

        Raises ConfigError that names the bodies that there are.
        """
        number = int(mujoco.mj_name2id(self._model, mujoco.mjtObj.mjOBJ_BODY, body))
        fixed = [self._model.body(k).name for k in range(1, self._model.nbody) if self._model.body_weldid[k] == 0]
        if number < 0 or self._model.body(number).name not in fixed:
            raise ConfigError(f"base of {arm} is {body!r}, must be one of {', '.join(fixed)}")
        self._place(self._chains[arm], self._embodiment.home_position)
        base, pose = self._chains[arm].base, np.eye(4)
        rotation = self._data.xmat[base].reshape(3, 3).T
        pose[:3, :3] = rotation @ self._data.xmat[number].reshape(3, 3)
        pose[:3, 3] = rotation @ (self._data.xpos[number] - self._data.xpos[base])
        return pose

    def solve(self, T_base_tool: FloatArray, seed: FloatArray, arm: str | None = None) -> FloatArray:
        """Return joint positions `(n,)` that bring the tool to `T_base_tool` [m], near `seed`; other joints keep it.

        Damped least squares within the position limits, also where `seed` is outside; what a joint at its limit cannot
        do the others do where they can. Raises PoseUnreachable with what is missing.
        """
        chain = self._chains[arm or next(iter(self._chains))]
        lower, upper = self._embodiment.lower[chain.columns], self._embodiment.upper[chain.columns]
        position = np.array(seed, dtype=np.float64)
        position[chain.columns] = np.minimum(np.maximum(position[chain.columns], lower), upper)
        error = np.full(6, np.inf)
        for _ in range(MAX_ITERATIONS):
            self._place(chain, position)
            error = _pose_error(T_base_tool, self._pose(chain))
            if _within_tolerance(error):
                return position
            here = position[chain.columns]
            step = _damped_step(self._jacobian(chain), error, here <= lower, here >= upper)
            step *= min(1.0, MAX_STEP_RAD / max(float(np.abs(step).max()), 1e-12))
            position[chain.columns] = np.minimum(np.maximum(position[chain.columns] + step, lower), upper)
        raise PoseUnreachable(
            f"no joint positions of {self._embodiment.name} bring the tool to {T_base_tool[:3, 3].round(3).tolist()} m:"
            f" {np.linalg.norm(error[:3]) * 1e3:.1f} mm and {np.linalg.norm(error[3:]):.3f} rad are missing"
        )

    def _chain(self, name: str) -> _Chain:
        arm, model = self._embodiment.arms[name], self._model
        joints = [self._id(mujoco.mjtObj.mjOBJ_JOINT, joint) for joint in arm.joints]
        return _Chain(
            columns=np.array([self._embodiment.joint_names.index(joint) for joint in arm.joints]),
            qpos=model.jnt_qposadr[joints].astype(np.intp),
            dofs=model.jnt_dofadr[joints].astype(np.intp),
            site=self._id(mujoco.mjtObj.mjOBJ_SITE, arm.tool_site),
            base=self._id(mujoco.mjtObj.mjOBJ_BODY, arm.base_frame),
        )

    def _id(self, kind: mujoco.mjtObj, name: str) -> int:
        number = int(mujoco.mj_name2id(self._model, kind, name))
        if number < 0:
            raise ConfigError(f"robot {self._embodiment.name}: {self._embodiment.model} has no {kind.name} {name!r}")
        return number

    def _place(self, chain: _Chain, position: FloatArray) -> None:
        self._data.qpos[chain.qpos] = position[chain.columns]
        mujoco.mj_kinematics(self._model, self._data)

    def _pose(self, chain: _Chain) -> FloatArray:
        pose = np.eye(4)
        pose[:3, :3] = self._base_rotation(chain) @ self._data.site_xmat[chain.site].reshape(3, 3)
        pose[:3, 3] = self._position(chain)
        return pose

    def _position(self, chain: _Chain) -> FloatArray:
        in_world = self._data.site_xpos[chain.site] - self._data.xpos[chain.base]
        return np.asarray(self._base_rotation(chain) @ in_world)

    def _base_rotation(self, chain: _Chain) -> FloatArray:
        """`(3, 3)`: from the world's axes to the base frame's."""
        return np.asarray(self._data.xmat[chain.base].reshape(3, 3).T)

    def _jacobian(self, chain: _Chain) -> FloatArray:
        mujoco.mj_comPos(self._model, self._data)
        jacobian = np.zeros((6, self._model.nv))
        mujoco.mj_jacSite(self._model, self._data, jacobian[:3], jacobian[3:], chain.site)
        rotation, columns = self._base_rotation(chain), jacobian[:, chain.dofs]
        return np.concatenate([rotation @ columns[:3], rotation @ columns[3:]])


def _pose_error(wanted: FloatArray, actual: FloatArray) -> FloatArray:
    """Return what is missing, `(6,)`: translation [m], rotation vector [rad], in the base frame."""
    quaternion, rotation = np.zeros(4), np.zeros(3)
    mujoco.mju_mat2Quat(quaternion, (wanted[:3, :3] @ actual[:3, :3].T).ravel())
    mujoco.mju_quat2Vel(rotation, quaternion, 1.0)
    return np.concatenate([wanted[:3, 3] - actual[:3, 3], rotation])


def _damped_step(
    jacobian: FloatArray, error: FloatArray, at_lower: NDArray[np.bool_], at_upper: NDArray[np.bool_]
) -> FloatArray:
    """Return the damped least-squares step of the joints, those left out that would leave their range."""
    step = np.zeros(jacobian.shape[1])
    free = np.ones(len(step), dtype=bool)
    while free.any():
        inner = np.compress(free, jacobian, axis=1)
        step[free] = inner.T @ np.linalg.solve(inner @ inner.T + DAMPING**2 * np.eye(6), error)
        outward = (at_lower & (step < 0.0)) | (at_upper & (step > 0.0))
        if not outward.any():
            break
        step[outward] = 0.0
        free &= ~outward
    return step


def _within_tolerance(error: FloatArray) -> bool:
    x, y, z, *turn = error.tolist()
    return math.hypot(x, y, z) < POSITION_TOLERANCE_M and math.hypot(*turn) < ROTATION_TOLERANCE_RAD
