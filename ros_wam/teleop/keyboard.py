"""The keyboard as a device: keys that are held jog one arm's tool, or one joint, and its gripper.

They are their own hold-to-run: nothing is held once no jog key is, since a terminal repeats only the last key.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ros_wam.clock import Clock
from ros_wam.embodiment import Embodiment
from ros_wam.errors import ConfigError, LeaderError
from ros_wam.kinematics import Kinematics
from ros_wam.teleop.device import Jog, Reading
from ros_wam.teleop.key_map import GRIPPER, JOINT_SIGNS, NEXT_ARM, NEXT_SPACE, TWISTS
from ros_wam.teleop.keys import KeyState
from ros_wam.types import FloatArray

LINEAR_M_S, ANGULAR_RAD_S, JOINT_RAD_S, GRIPPER_1_S = 0.2, 0.8, 0.8, 1.0
"""At full speed; the session leads the robot at a share of it, and no joint faster than it may."""


class Keyboard:
    """Told by `take` which keys there are. What they mean beside jogging is not its part.

    Away, left and up are those of a person who stands behind the arm's base, in straight lines along the base's axes.
    """

    def __init__(self, embodiment: Embodiment, clock: Clock) -> None:
        """Raise ConfigError when the robot's model cannot be used."""
        self._arms = list(embodiment.arms)
        self._joints = {name: arm.joints for name, arm in embodiment.arms.items()}
        kinematics = Kinematics(embodiment)
        self._axes = {
            name: _axes_of(kinematics.tool_pose(embodiment.home_position, name)[:3, 3]) for name in embodiment.arms
        }
        self._clock = clock
        self._keys = KeyState()
        self._open = False
        self._arm, self._joint, self._by_joint = 0, 0, False

    def take(self, keys: KeyState) -> None:
        """Take the keys that are held, and those that were pressed since this was called last."""
        self._keys = keys
        for key in keys.pressed:
            self._select(key)

    def open(self) -> None:
        """Nothing is held yet."""
        self._keys, self._open = KeyState(), True

    def read(self) -> Reading:
        """Return how the keys that are held jog the selected arm."""
        if not self._open:
            raise LeaderError("the keyboard is not open")
        keys = self._keys
        twist, joint_velocity = self._tool(keys), self._turned(keys)
        gripper = GRIPPER_1_S * sum(sign for key, sign in GRIPPER.items() if key in keys.held)
        held = bool(gripper) or twist is not None or joint_velocity is not None
        jogs = {self._arms[self._arm]: Jog(twist, joint_velocity, gripper)} if held else {}
        return Reading(self._clock.now_ns(), jogs=jogs, held=held)

    def close(self) -> None:
        """Nothing is held any more."""
        self._keys, self._open = KeyState(), False

    @property
    def selected(self) -> str:
        """What the keys move now, for people."""
        arm = self._arms[self._arm]
        what = self._joints[arm][self._joint] if self._by_joint else "tool"
        return what if len(self._arms) == 1 or self._by_joint else f"{what} of {arm}"

    def _select(self, key: str) -> None:
        if key == NEXT_ARM:
            self._arm = (self._arm + 1) % len(self._arms)
            self._joint = min(self._joint, len(self._joints[self._arms[self._arm]]) - 1)
        elif key == NEXT_SPACE:
            self._by_joint = not self._by_joint
        elif self._by_joint and key.isdecimal() and 1 <= int(key) <= len(self._joints[self._arms[self._arm]]):
            self._joint = int(key) - 1

    def _tool(self, keys: KeyState) -> FloatArray | None:
        held = [TWISTS[key] for key in keys.held if key in TWISTS]
        if self._by_joint or not held:
            return None
        direction = np.clip(np.sum(held, axis=0), -1.0, 1.0)
        axes = self._axes[self._arms[self._arm]]
        return np.concatenate([axes @ direction[:3] * LINEAR_M_S, axes @ direction[3:] * ANGULAR_RAD_S])

    def _turned(self, keys: KeyState) -> FloatArray | None:
        signs = [sign for key, sign in JOINT_SIGNS.items() if key in keys.held]
        if not self._by_joint or not signs:
            return None
        velocity = np.zeros(len(self._joints[self._arms[self._arm]]))
        velocity[self._joint] = JOINT_RAD_S * np.clip(sum(signs), -1.0, 1.0)
        return velocity


def _axes_of(tool: FloatArray) -> FloatArray:
    """Return the axes `(3, 3)`, as columns, of a person behind an arm whose tool is at `tool` `(3,)` [m] at home.

    The first is the one of the base's axes that points away from it to the tool, best of all; the last points up.
    """
    axis = int(np.abs(tool[:2]).argmax())
    forward = np.zeros(3)
    forward[axis] = np.sign(tool[axis])
    up = np.array([0.0, 0.0, 1.0])
    return np.stack([forward, np.cross(up, forward), up], axis=1)


def make_device(
    name: str, settings: Mapping[str, Any], embodiment: Embodiment, run_dir: Path, clock: Clock
) -> Keyboard:
    """Return the keyboard; raises ConfigError for settings, of which it has none."""
    if settings:
        raise ConfigError(f"leader {name}: unknown key {', '.join(settings)}; a keyboard has no settings")
    return Keyboard(embodiment, clock)
