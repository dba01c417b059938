"""A gate with a clock, and an observer that keeps what it gave."""

from dataclasses import dataclass, field, replace

import numpy as np
from motion_fixtures import START_NS, robot, state_at

from ros_wam.causes import Cause
from ros_wam.embodiment import Embodiment, Workspace
from ros_wam.kinematics import Kinematics
from ros_wam.motion.safety import SafetyGate
from ros_wam.types import Command, FloatArray, SafetyVerdict

UR5 = robot()
KINEMATICS = Kinematics(UR5)
PERIOD_S = UR5.period_s
PERIOD_NS = round(PERIOD_S * 1e9)
FOREVER_NS = 2**62
ARM = ~UR5.is_gripper
HOME = UR5.home_position
ACCELERATION = 8.0
"""Of every arm joint [rad/s²]."""
STEP = ACCELERATION * PERIOD_S
"""What a hold takes from the velocity in one sample [rad/s]."""


def away(joint: int, by: float, start: FloatArray = HOME) -> FloatArray:
    return np.asarray(start + by * np.eye(7)[joint])


def wide(embodiment: Embodiment = UR5) -> Embodiment:
    """A robot whose workspace is no limit."""
    arm = embodiment.arms["arm"]
    return replace(embodiment, arms={"arm": replace(arm, workspace=Workspace((-2.0,) * 3, (2.0,) * 3))})


@dataclass
class Bench:
    """`measured` and `force_n` are what the robot measures; `enabled` gives a beat before every check."""

    gate: SafetyGate
    now_ns: int = START_NS
    measured: FloatArray = field(default_factory=lambda: HOME)
    force_n: float = 0.0
    enabled: bool = True

    @classmethod
    def at(cls, position: FloatArray = HOME, embodiment: Embodiment = UR5) -> "Bench":
        """An open gate that has given this position."""
        bench = cls(SafetyGate(embodiment, KINEMATICS), measured=position)
        bench.ask(position)
        return bench

    @property
    def given(self) -> FloatArray:
        assert self.gate.position is not None
        return self.gate.position

    def ask(
        self,
        position: FloatArray,
        *,
        state_age_ns: int | None = 0,
        source_until_ns: int | None = FOREVER_NS,
        source_lost: Cause = Cause.SOURCE_STALE,
    ) -> SafetyVerdict:
        """Check one command, a period after the one before."""
        self.now_ns += PERIOD_NS
        if self.enabled:
            self.gate.enable(self.now_ns)
        state = None
        if state_age_ns is not None:
            state = state_at(self.measured, self.now_ns - state_age_ns, self.force_n)
        return self.gate.check(Command(self.now_ns, position), state, source_until_ns, self.now_ns, source_lost)

    def drive(self, joint: int, velocity: float, ticks: int) -> list[SafetyVerdict]:
        """Ask for a ramp of one joint from where the gate is."""
        start = self.given
        return [self.ask(away(joint, velocity * PERIOD_S * (k + 1), start)) for k in range(ticks)]

    def moving(self, joint: int = 0, velocity: float = 0.5) -> "Bench":
        """Bring one joint to this velocity."""
        self.drive(joint, velocity, 60)
        assert abs(self.gate.velocity[joint] - velocity) < 1e-9
        return self
