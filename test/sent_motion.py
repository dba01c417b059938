"""Judges a sent motion by a robot's limits alone, from its positions: nothing of the code that made them is used."""

import numpy as np

from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.types import FloatArray

ROUNDING = 1e-6
"""The share of a limit that rounding may add; in metres for the workspace."""


class SentMotion:
    """Collects `violations` of position, velocity, acceleration, jerk and workspace limits, one line each.

    A motion begins at rest where the robot is, and anew after each stop. While the gate holds the jerk is free.
    """

    def __init__(self, embodiment: Embodiment) -> None:
        self._embodiment, self._kinematics = embodiment, Kinematics(embodiment)
        self._arm, self._period_s = ~embodiment.is_gripper, embodiment.period_s
        self._acceleration = embodiment.acceleration
        self.violations: list[str] = []
        self.largest = dict.fromkeys(("velocity", "acceleration", "jerk"), 0.0)
        self.sent = 0
        self._last = np.zeros((0, len(embodiment.joint_names)))
        self._fresh, self._begins = False, True
        self._outside_m = dict.fromkeys(embodiment.arms, 0.0)
        self._bounds = embodiment.lower, embodiment.upper

    def begin(self) -> None:
        """The robot was stopped: what comes next starts from where it is."""
        self._begins = True

    def take(self, position: FloatArray) -> None:
        """Take one position that is sent `(n,)`."""
        self.sent += 1
        self._fresh = True
        if not np.isfinite(position).all():
            self.violations.append(f"sample {self.sent}: sent {position}")
            return
        if self._begins:
            self._last, self._begins = np.array([position] * 3), False
            self._bounds = (
                np.minimum(self._embodiment.lower, position),
                np.maximum(self._embodiment.upper, position),
            )
            self._outside_m = self._outside(position)
        self._last = np.array([*self._last[-3:], position])

    def judge(self, held: bool) -> None:
        """Judge what was sent since the last time; `held`: the gate let nothing through, and the jerk is free."""
        if not self._fresh:
            return
        self._fresh = False
        velocity = np.diff(self._last, axis=0) / self._period_s
        acceleration = np.diff(velocity, axis=0) / self._period_s
        jerk = np.diff(acceleration, axis=0) / self._period_s
        lower, upper = self._bounds
        self._require("position", np.maximum(lower - self._last[-1], self._last[-1] - upper), 0.0 * lower)
        self._within("velocity", velocity[-1], self._embodiment.velocity)
        self._within("acceleration", acceleration[-1], self._embodiment.acceleration)
        if not held:
            self._within("jerk", jerk[-1], self._embodiment.jerk)
        self._require_workspace(velocity[-1])

    def _within(self, name: str, value: FloatArray, limit: FloatArray) -> None:
        self._require(name, np.abs(value), limit * (1.0 + ROUNDING))
        self.largest[name] = max(self.largest[name], float((np.abs(value) / limit).max()))

    def _require(self, name: str, value: FloatArray, limit: FloatArray) -> None:
        if not (value <= limit).all():
            k = int((value - limit).argmax())
            joint = self._embodiment.joint_names[k]
            self.violations.append(
                f"sample {self.sent}: {name} of {joint} is {value[k]}, at most {limit[k]} is allowed"
            )

    def _require_workspace(self, velocity: FloatArray) -> None:
        """Brake from here as hard as is allowed, and see where the tools rest: never farther out than before."""
        change = np.where(self._arm, self._acceleration, 1.0) * self._period_s  # of the velocity, per sample
        samples = np.floor(np.abs(velocity) / change + 1e-9)
        slowing = samples * np.abs(velocity) - change * samples * (samples + 1.0) / 2.0
        position = self._last[-1] + np.where(self._arm, np.sign(velocity) * slowing * self._period_s, 0.0)
        for name, outside_m in self._outside(position).items():
            allowed_m = max(self._outside_m[name], 0.0) + 2.0 * ROUNDING
            if outside_m > allowed_m:
                self.violations.append(f"sample {self.sent}: {name} rests {outside_m} m outside, {allowed_m} m allowed")
            self._outside_m[name] = min(self._outside_m[name], max(outside_m, 0.0))

    def _outside(self, position: FloatArray) -> dict[str, float]:
        """Return how far every tool is outside its box [m]; negative inside."""
        outside = {}
        for name, arm in self._embodiment.arms.items():
            tool = self._kinematics.tool_position(position, name)
            beyond = np.maximum(np.array(arm.workspace.min_m) - tool, tool - np.array(arm.workspace.max_m))
            outside[name] = float(beyond.max())
        return outside
