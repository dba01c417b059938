"""What the tests of motion share: a robot that follows perfectly, and chunks."""

from pathlib import Path

import numpy as np

from ros_wam.calibration import SafetySettings, Station
from ros_wam.clock import FakeClock
from ros_wam.drivers.command_check import checked_position
from ros_wam.embodiment import Embodiment, load_embodiment
from ros_wam.errors import DriverError, StateStale
from ros_wam.types import ActionChunk, Command, FloatArray, JointState

ROBOTS = Path(__file__).resolve().parents[1] / "robots"
START_NS = 1_000_000_000


SETTINGS = SafetySettings(speed_override=1.0, joint_margin_rad=0.1, workspace_margin_m=0.01)


def site(settings: SafetySettings = SETTINGS) -> Station:
    return Station(robot={}, cameras={}, safety=settings, fixtures={})


def robot(name: str = "ur5") -> Embodiment:
    return load_embodiment(ROBOTS / f"{name}.yaml")


def state_at(position: FloatArray, stamp_ns: int, force_n: float = 0.0) -> JointState:
    return JointState(stamp_ns, position, np.zeros(len(position)), np.zeros(len(position)), np.array([force_n]))


def chunk_of(
    rows: FloatArray, t0_ns: int, dt_s: float = 1.0 / 30.0, number: int = 1, observation_ns: int | None = None
) -> ActionChunk:
    return ActionChunk(number, number, t0_ns if observation_ns is None else observation_ns, t0_ns, dt_s, rows)


def ramp(start: FloatArray, end: FloatArray, rows: int = 30) -> FloatArray:
    return np.asarray(start + np.linspace(0.0, 1.0, rows)[:, None] * (end - start))


class PerfectRobot:
    """A driver whose robot is at once where it is sent, unless it is `stuck`; it checks commands as every driver does.

    It measures that it is `behind`, and meets `force_n`; its stamps stand still while `frozen_stamp_ns` is set.
    `failure` is raised by `read` and `send` while it is set; a state that is merely stale only by `read`.
    """

    def __init__(self, embodiment: Embodiment, clock: FakeClock) -> None:
        self.embodiment, self.clock = embodiment, clock
        self.position = embodiment.home_position
        self.failure: DriverError | None = None
        self.send_failure: DriverError | None = None
        self.recover_failure: DriverError | None = None
        self.frozen_stamp_ns: int | None = None
        self.sent: list[FloatArray] = []
        self.stops = 0
        self.stuck = False
        self.force_n = 0.0
        self.behind = np.zeros(len(self.position))
        self._before: FloatArray | None = None

    def connect(self) -> None: ...

    def read(self) -> JointState:
        if self.failure is not None:
            raise self.failure
        return state_at(self.position - self.behind, self.frozen_stamp_ns or self.clock.now_ns(), self.force_n)

    def send(self, command: Command) -> Command:
        failure = self.send_failure or (None if isinstance(self.failure, StateStale) else self.failure)
        if failure is not None:
            raise failure
        self._before = checked_position(command, self.embodiment, self._before, self.position)
        self.sent.append(command.position)
        self.position = self.position if self.stuck else command.position
        return command

    def stop(self) -> None:
        self.stops += 1
        self._before = None

    def recover(self) -> None:
        if self.recover_failure is not None:
            raise self.recover_failure
        self.failure = None

    def facts(self) -> dict[str, str]:
        return {"library": "none", "firmware": "not told", "safety_mode": "normal"}

    def close(self) -> None: ...
