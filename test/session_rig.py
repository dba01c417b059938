"""A session with a robot and a leader that a test moves, under a clock that only the test moves."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from motion_fixtures import START_NS, robot, site, state_at

from ros_wam.calibration import Station
from ros_wam.embodiment import Embodiment
from ros_wam.kinematics import Kinematics
from ros_wam.teleop.device import Button, Jog, Reading
from ros_wam.teleop.session import Phase, TeleopSession, TeleopStep
from ros_wam.types import FloatArray, JointState, Mode

PERIOD_NS = 20_000_000
UR5 = robot()
HOME = UR5.home_position
KINEMATICS = Kinematics(UR5)


@dataclass
class SessionRig:
    """A robot that is at once where it is led, and what is said of it and of its leader."""

    embodiment: Embodiment = UR5
    station: Station = field(default_factory=site)
    now_ns: int = START_NS
    mode: Mode | None = Mode.TELEOP
    follows: bool = True
    effort: float = 0.0

    def __post_init__(self) -> None:
        self.session = TeleopSession(self.embodiment, self.station)
        self.position = self.embodiment.home_position
        self.leader: FloatArray | None = self.position
        self.reading: dict[str, Any] = {"held": True}
        self.jogs: dict[str, Jog] | None = None

    def state(self) -> JointState:
        state = state_at(self.position, self.now_ns)
        return replace(state, effort=np.where(self.embodiment.is_gripper, self.effort, 0.0))

    def step(self, steps: int = 1, pressed: tuple[Button, ...] = (), **reading: Any) -> TeleopStep:
        """Let 20 ms pass, so many times; return what came of the last. `pressed` in the first of them."""
        for k in range(steps):
            self.now_ns += PERIOD_NS
            what = {"jogs": self.jogs} if self.jogs is not None else {"joints": self.leader}
            now = Reading(self.now_ns, **what, **(self.reading | reading), pressed=() if k else pressed)
            told = self.session.step(now, self.state(), self.mode, self.now_ns)
            if told.command is not None and self.follows:
                self.position = told.command.position
        return told

    def following(self) -> "SessionRig":
        assert self.step(40).phase is Phase.FOLLOWING
        return self


def away(joint: int, by: float, start: FloatArray = HOME) -> FloatArray:
    return np.asarray(start + by * np.eye(len(start))[joint])
