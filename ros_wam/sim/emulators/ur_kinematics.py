"""Forward and inverse kinematics of UR arms, as their controllers compute them, from the published DH parameters.

Poses `(4, 4)` are T_base_flange [m]; URScript's `p[x, y, z, rx, ry, rz]` is `(6,)` with a rotation vector [rad].
"""

import itertools
import math
from dataclasses import dataclass

import mujoco
import numpy as np

from ros_wam.types import FloatArray

_ALPHA = (math.pi / 2, 0.0, 0.0, math.pi / 2, -math.pi / 2, 0.0)
_SINGULAR = 1e-6
_SLACK = 1e-9
TURN = 2.0 * math.pi


@dataclass(frozen=True)
class UrDh:
    """DH parameters of Universal Robots ("DH parameters for calculations of kinematics and dynamics") [m]."""

    d1: float
    a2: float
    a3: float
    d4: float
    d5: float
    d6: float


UR5_DH = UrDh(0.089159, -0.425, -0.39225, 0.10915, 0.09465, 0.0823)
UR5E_DH = UrDh(0.1625, -0.425, -0.3922, 0.1333, 0.0997, 0.0996)


def transform_of(pose: FloatArray) -> FloatArray:
    """Return URScript's pose `(6,)` as `(4, 4)`."""
    transform = np.eye(4)
    transform[:3, :3] = rotation_of(pose[3:])
    transform[:3, 3] = pose[:3]
    return transform


def pose_of(transform: FloatArray) -> FloatArray:
    """Return `(4, 4)` as URScript's pose `(6,)`."""
    return np.concatenate([transform[:3, 3], turn_of(transform[:3, :3])])


def rotation_of(turn: FloatArray) -> FloatArray:
    """Return a rotation vector `(3,)` [rad] as `(3, 3)`."""
    angle = float(np.linalg.norm(turn))
    quaternion, rotation = np.zeros(4), np.zeros(9)
    mujoco.mju_axisAngle2Quat(quaternion, np.asarray(turn, np.float64) / (angle or 1.0), angle)
    mujoco.mju_quat2Mat(rotation, quaternion)
    return rotation.reshape(3, 3)


def turn_of(rotation: FloatArray) -> FloatArray:
    """Return `(3, 3)` as a rotation vector `(3,)` [rad]."""
    quaternion, turn = np.zeros(4), np.zeros(3)
    mujoco.mju_mat2Quat(quaternion, rotation.ravel())
    mujoco.mju_quat2Vel(turn, quaternion, 1.0)
    return turn


class UrKinematics:
    """One model's."""

    def __init__(self, dh: UrDh) -> None:
        self._dh = dh
        self._links = tuple(
            zip((0.0, dh.a2, dh.a3, 0.0, 0.0, 0.0), (dh.d1, 0.0, 0.0, dh.d4, dh.d5, dh.d6), _ALPHA, strict=True)
        )

    def forward(self, joints: FloatArray) -> FloatArray:
        """Return the flange's pose at `joints` `(6,)` [rad]."""
        pose = np.eye(4)
        for k in range(6):
            pose = pose @ self._link(k, float(joints[k]))
        return pose

    def inverse(self, pose: FloatArray, near: FloatArray) -> FloatArray | None:
        """Return the joints `(6,)` [rad] nearest to `near` that bring the flange to `pose`; None: out of its reach.

        Where the wrist is singular, joint 6 stays as it is in `near`.
        """
        solutions = [
            near + (np.array(joints) - near + math.pi) % TURN - math.pi
            for joints in self._solutions(pose, float(near[5]))
        ]
        solutions = [
            np.where(np.abs(joints) > TURN + _SLACK, joints - np.sign(joints) * TURN, joints) for joints in solutions
        ]
        return min(solutions, key=lambda joints: float(np.abs(joints - near).max()), default=None)

    def _link(self, k: int, angle: float) -> FloatArray:
        a, d, alpha = self._links[k]
        c, s, ca, sa = math.cos(angle), math.sin(angle), math.cos(alpha), math.sin(alpha)
        return np.array(
            [[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0.0, sa, ca, d], [0.0, 0.0, 0.0, 1.0]]
        )

    def _solutions(self, pose: FloatArray, free_joint6: float) -> list[tuple[float, ...]]:
        """Return every solution, up to eight."""
        dh, solutions = self._dh, list[tuple[float, ...]]()
        x5, y5, *_ = pose[:3, 3] - dh.d6 * pose[:3, 2]
        reach = math.hypot(x5, y5)
        if reach < dh.d4:
            return []
        towards, aside = math.atan2(y5, x5), math.acos(dh.d4 / reach)
        for sign1, sign5, sign3 in itertools.product((1.0, -1.0), repeat=3):
            joint1 = towards + sign1 * aside + math.pi / 2
            s1, c1 = math.sin(joint1), math.cos(joint1)
            cos5 = (pose[0, 3] * s1 - pose[1, 3] * c1 - dh.d4) / dh.d6
            if abs(cos5) > 1.0 + _SLACK:
                continue
            joint5 = sign5 * math.acos(min(max(cos5, -1.0), 1.0))
            joint6 = self._joint6(pose, s1, c1, math.sin(joint5), free_joint6)
            planar = self._planar(pose, joint1, joint5, joint6, sign3)
            if planar is not None:
                solutions.append((joint1, *planar, joint5, joint6))
        return solutions

    @staticmethod
    def _joint6(pose: FloatArray, s1: float, c1: float, s5: float, free: float) -> float:
        if abs(s5) < _SINGULAR:
            return free
        across = s1 * pose[0, 1] - c1 * pose[1, 1]
        along = s1 * pose[0, 0] - c1 * pose[1, 0]
        return math.atan2(-across / s5, along / s5)

    def _planar(
        self, pose: FloatArray, joint1: float, joint5: float, joint6: float, sign3: float
    ) -> tuple[float, float, float] | None:
        """Return joints 2 to 4, which move in one plane; None if the wrist is out of their reach."""
        dh = self._dh
        wrist = (
            np.linalg.inv(self._link(0, joint1)) @ pose @ np.linalg.inv(self._link(4, joint5) @ self._link(5, joint6))
        )
        x, y = float(wrist[0, 3]), float(wrist[1, 3])
        cos3 = (x * x + y * y - dh.a2**2 - dh.a3**2) / (2.0 * dh.a2 * dh.a3)
        if abs(cos3) > 1.0 + _SLACK:
            return None
        joint3 = sign3 * math.acos(min(max(cos3, -1.0), 1.0))
        joint2 = math.atan2(y, x) - math.atan2(dh.a3 * math.sin(joint3), dh.a2 + dh.a3 * math.cos(joint3))
        return joint2, joint3, math.atan2(float(wrist[1, 0]), float(wrist[0, 0])) - joint2 - joint3
