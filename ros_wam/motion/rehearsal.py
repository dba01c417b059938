"""The control loop is run once with an imaginary robot before it is given the real one.

What happens only the first time takes longer than a period: buffers of the arithmetic's libraries, caches, imports.
"""

from collections.abc import Callable

import numpy as np

from ros_wam.calibration import Station
from ros_wam.embodiment import Embodiment
from ros_wam.motion.loop import ControlLoop, build_control_loop
from ros_wam.types import ActionChunk, Command, JointState, Mode

ROWS, DT_S = 15, 1.0 / 30.0
STEP_RAD = 0.001
HOLD_TICKS = 3
HOMING_S = 1.0
"""More than the way home takes from where the small motion ends."""


class _ImaginaryRobot:
    """Goes where it is sent, at once."""

    def __init__(self, embodiment: Embodiment) -> None:
        self._n, self._arms = len(embodiment.joint_names), len(embodiment.arms)
        self._position = embodiment.home_position
        self.now_ns, self.period_s = 0, embodiment.period_s
        self.facts: Callable[[], dict[str, str]] = dict

    def connect(self) -> None: ...

    def read(self) -> JointState:
        still = np.zeros(self._n)
        return JointState(self.now_ns, self._position, still, still, np.zeros(self._arms))

    def send(self, command: Command) -> Command:
        self._position = command.position
        return command

    def stop(self) -> None: ...

    def recover(self) -> None: ...

    def close(self) -> None: ...


def rehearse(embodiment: Embodiment, station: Station) -> tuple[int, int]:
    """Hold, follow a small motion to its end, hold again and go home, in virtual time.

    Returns how many ticks followed the motion, and how many the way home. The way home multiplies large matrices,
    and the first time that takes 32 MB of memory (OpenBLAS), which a machine may need 0.1 s to find.
    """
    robot = _ImaginaryRobot(embodiment)
    loop = build_control_loop(embodiment, robot, station)
    rows = np.tile(embodiment.home_position, (ROWS, 1))
    rows += STEP_RAD * np.outer(np.arange(ROWS), ~embodiment.is_gripper)
    _tick(loop, robot, HOLD_TICKS * embodiment.period_s)
    loop.set_mode(Mode.POLICY, robot.now_ns)
    loop.accept(ActionChunk(1, 1, robot.now_ns, robot.now_ns, DT_S, rows), robot.now_ns)
    followed = _tick(loop, robot, 2.0 * ROWS * DT_S)
    loop.home(robot.now_ns)
    return followed, _tick(loop, robot, HOMING_S)


def _tick(loop: ControlLoop, robot: _ImaginaryRobot, duration_s: float) -> int:
    """Tick for so long, and return how many of the ticks followed something."""
    followed = 0
    for _ in range(round(duration_s / robot.period_s)):
        robot.now_ns += round(robot.period_s * 1e9)
        loop.enable(robot.now_ns)
        followed += loop.tick(robot.now_ns, robot.now_ns).target is not None
    return followed
