"""A control loop, a robot that follows perfectly, and a clock that only the test moves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from motion_fixtures import SETTINGS, START_NS, PerfectRobot, chunk_of, robot, site

from ros_wam.calibration import SafetySettings
from ros_wam.clock import FakeClock
from ros_wam.embodiment import Embodiment
from ros_wam.motion.loop import ControlLoop, build_control_loop
from ros_wam.types import Command, FloatArray, StepRecord

UR5 = robot()
HOME = UR5.home_position
PERIOD_NS = round(UR5.period_s * 1e9)
ARM = ~UR5.is_gripper
TICKS_PER_S = 125


def away(joint: int, by: float, start: FloatArray = HOME) -> FloatArray:
    return np.asarray(start + np.eye(7)[joint] * by)


@dataclass
class Rig:
    """Loop, robot and clock; the enable heartbeat beats while `enabled`, and a `leader` says where to go."""

    clock: FakeClock
    robot: PerfectRobot
    loop: ControlLoop
    enabled: bool = True
    leader: FloatArray | None = None
    late_ns: int = 0

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns()

    def run(self, ticks: int) -> list[StepRecord]:
        records = []
        for _ in range(ticks):
            self.clock.advance_ns(PERIOD_NS)
            if self.enabled:
                self.loop.enable(self.now_ns)
            if self.leader is not None:
                self.loop.teleoperate(Command(self.now_ns, self.leader), self.now_ns)
            records.append(self.loop.tick(self.now_ns, self.now_ns - self.late_ns))
        return records

    def until(self, done: Callable[[], bool], ticks: int = 2000) -> int:
        for k in range(ticks):
            if done():
                return k
            self.run(1)
        raise AssertionError("not within the ticks allowed")

    def follow(self, rows: FloatArray, number: int = 1) -> None:
        """Accept a chunk that is observed and answered now."""
        self.loop.accept(chunk_of(rows, self.now_ns, number=number), self.now_ns)


def started_rig(embodiment: Embodiment = UR5, position: FloatArray = HOME, settings: SafetySettings = SETTINGS) -> Rig:
    """A rig whose robot is at `position`, after three ticks of HOLD."""
    clock = FakeClock(START_NS)
    perfect = PerfectRobot(embodiment, clock)
    perfect.position = position
    rig = Rig(clock, perfect, build_control_loop(embodiment, perfect, site(settings)))
    rig.run(3)
    return rig
