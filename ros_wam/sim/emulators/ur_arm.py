"""The motion side of an emulated UR controller: who moves the arm, and the setpoint it is given."""

import numpy as np

from ros_wam.sim.emulators.joint_motion import Motion, StopJ
from ros_wam.sim.emulators.plant import Plant
from ros_wam.sim.emulators.ur_kinematics import UrKinematics
from ros_wam.types import FloatArray

PROTECTIVE_DECELERATION_RAD_S2 = 20.0
"""How hard the emulated arm brakes when its program ends or it stops protectively; UR publishes no figure."""


class UrArm:
    """Follows one motion, or the target that was streamed last. Without either it stays where it came to rest."""

    def __init__(self, plant: Plant, kinematics: UrKinematics) -> None:
        self.plant, self.kinematics = plant, kinematics
        self.tcp = np.eye(4)
        """T_flange_tool, which the program may set."""
        self.target = np.array(plant.position())
        self.motion: Motion | None = None
        self.servoing = False

    def servo(self, target: FloatArray) -> None:
        """Go to a streamed target, which is kept until the next one."""
        self.motion, self.servoing = None, True
        self.target = target

    def run(self, motion: Motion) -> None:
        """Follow `motion`."""
        self.motion, self.servoing = motion, False

    def brake(self, deceleration_rad_s2: float = PROTECTIVE_DECELERATION_RAD_S2) -> Motion:
        """Come to rest from the measured motion."""
        motion = StopJ(self.plant.position(), self.plant.velocity(), deceleration_rad_s2)
        self.run(motion)
        return motion

    def step(self, duration_s: float) -> None:
        """Give the plant its setpoint for the next period."""
        if self.motion is not None:
            self.target = self.motion.step(duration_s)
            if self.motion.done:
                self.motion = None
        self.plant.set_target(self.target)

    def tool_pose(self, joints: FloatArray) -> FloatArray:
        """Return T_base_tool `(4, 4)` at `joints` `(6,)` [rad]."""
        return np.asarray(self.kinematics.forward(joints) @ self.tcp)

    def solve(self, T_base_tool: FloatArray, near: FloatArray) -> FloatArray | None:
        """Return the joints `(6,)` [rad] nearest to `near` that bring the tool there, None if it is out of reach."""
        return self.kinematics.inverse(T_base_tool @ np.linalg.inv(self.tcp), near)

    @property
    def is_steady(self) -> bool:
        """Whether nothing moves the arm."""
        return self.motion is None and not self.servoing
