"""Where jogs lead: velocities of a tool or of joints, summed up from the last target of each arm."""

from collections.abc import Mapping

import mujoco
import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.errors import PoseUnreachable, SpecError
from ros_wam.kinematics import Kinematics
from ros_wam.teleop.device import Jog
from ros_wam.types import FloatArray

TRIES = 3
"""How often a twist that asks too much of a joint is tried again, more slowly, before it is not taken."""

SKIPPED = 10
"""Of a twist that leads out of reach every so many steps are tried, since finding that out takes 10 ms."""


class Jogging:
    """Keeps the pose that each tool was led to, so that rounding does not turn it while it is led straight."""

    def __init__(self, embodiment: Embodiment) -> None:
        self._embodiment = embodiment
        self._kinematics = Kinematics(embodiment)
        names = embodiment.joint_names
        self._joints = {
            name: np.array([names.index(joint) for joint in arm.joints]) for name, arm in embodiment.arms.items()
        }
        self._poses: dict[str, FloatArray] = {}
        self._wanted: FloatArray = embodiment.home_position
        self._unreachable: dict[str, tuple[FloatArray, str, int]] = {}

    def wanted(
        self, target: FloatArray, jogs: Mapping[str, Jog], speed: float, period_s: float, bound: FloatArray
    ) -> tuple[FloatArray, str]:
        """Return the target `(n,)` after `period_s` of the jogs at a share of their `speed`, and what stops them.

        No joint goes further than `bound` `(n,)`. The jogs must pass `require`.
        """
        wanted, details = target.copy(), []
        for name in set(self._poses) - set(jogs):
            del self._poses[name]
        for name, jog in jogs.items():
            gripper = self._embodiment.joint_names.index(self._embodiment.arms[name].gripper)
            wanted[gripper] += jog.gripper * period_s
            if jog.twist is not None and np.any(jog.twist):
                skipped = self._skipped(name, jog.twist)
                details.append(skipped or self._twist(name, wanted, speed * period_s * jog.twist, bound))
                if details[-1] and not skipped:
                    self._unreachable[name] = jog.twist, details[-1], SKIPPED
                continue
            self._poses.pop(name, None)
            if jog.joint_velocity is not None:
                wanted[self._joints[name]] += speed * period_s * jog.joint_velocity
        step = np.clip(wanted - target, -bound, bound)
        wanted = np.clip(target + step, self._embodiment.lower, self._embodiment.upper)
        at_limit = (np.abs(target + step - wanted) > 0.0) & ~self._embodiment.is_gripper
        details += [f"{self._embodiment.joint_names[k]} is at its limit" for k in np.flatnonzero(at_limit)]
        self._wanted = wanted
        return wanted, "; ".join(filter(None, details))

    def require(self, jogs: Mapping[str, Jog]) -> None:
        """Raise SpecError for an arm that there is not, or the wrong number of joints."""
        for name, jog in jogs.items():
            if name not in self._joints:
                raise SpecError(f"jog of arm {name!r}; {self._embodiment.name} has: {', '.join(self._joints)}")
            for what, value, shape in (
                ("twist", jog.twist, (6,)),
                ("joint_velocity", jog.joint_velocity, (len(self._joints[name]),)),
                ("gripper", jog.gripper, ()),
            ):
                if value is not None and (np.shape(value) != shape or not np.isfinite(value).all()):
                    wanted = f"{shape[0]} numbers" if shape else "a number"
                    raise SpecError(f"jog of {name}: {what} is {np.asarray(value).tolist()}, must be {wanted}")

    def keep(self, taken: FloatArray) -> None:
        """Begin anew, from where the target is, with the arms whose target was not `taken` `(n,)` as it was wanted."""
        for name, joints in self._joints.items():
            if not np.array_equal(self._wanted[joints], taken[joints]):
                self._poses.pop(name, None)

    def reset(self) -> None:
        """Begin anew with every arm."""
        self._poses.clear()
        self._unreachable.clear()

    def _twist(self, name: str, wanted: FloatArray, twist: FloatArray, bound: FloatArray) -> str:
        """Lead the tool of an arm by `twist` `(6,)` [m, rad] in `wanted`; return why it is not led."""
        joints = self._joints[name]
        pose = self._poses.get(name)
        if pose is None:
            pose = self._kinematics.tool_pose(wanted, name)
        for _ in range(TRIES):
            moved = _moved(pose, twist)
            try:
                solved = self._kinematics.solve(moved, wanted, name)
            except PoseUnreachable:
                self._poses[name] = pose
                where = ", ".join(f"{value:.3f}" for value in moved[:3, 3])
                return f"the tool of {name} cannot go on to [{where}] m: out of reach, or a joint is at its limit"
            needed = np.abs(solved - wanted)[joints] / bound[joints]
            if needed.max() <= 1.0:
                self._poses[name] = moved
                wanted[joints] = solved[joints]
                return ""
            twist = twist * 0.9 / needed.max()
        self._poses[name] = pose
        fastest = self._embodiment.arms[name].joints[int(needed.argmax())]
        return f"the tool of {name} is led past a singularity: {fastest} cannot turn as fast as that needs"

    def _skipped(self, name: str, twist: FloatArray) -> str:
        """Return why a twist was not taken a moment ago, empty if it is to be tried."""
        before, why, left = self._unreachable.pop(name, (twist, "", 0))
        if left == 0 or not np.array_equal(before, twist):
            return ""
        self._unreachable[name] = before, why, left - 1
        return why


def _moved(pose: FloatArray, twist: FloatArray) -> FloatArray:
    """Return the pose `(4, 4)` moved and turned by `twist` `(6,)` [m, rad], both in the axes of its base."""
    quaternion, turn, moved = np.zeros(4), np.zeros(9), pose.copy()
    angle = float(np.linalg.norm(twist[3:]))
    if angle > 0.0:
        mujoco.mju_axisAngle2Quat(quaternion, twist[3:] / angle, angle)
        mujoco.mju_quat2Mat(turn, quaternion)
        moved[:3, :3] = turn.reshape(3, 3) @ pose[:3, :3]
    moved[:3, 3] += twist[:3]
    return moved
