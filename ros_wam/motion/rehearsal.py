"""The control loop is run once with an imaginary robot before it is given the real one.

What happens only the first time takes longer than a period: buffers of the arithmetic's libraries, caches, imports.
"""

from collections.abc import Callable

import numpy as np

from ros_wam.calibration import Station
from ros_wam.embodiment import Embodiment
from ros_wam.motion.loop import build_control_loop
from ros_wam.types import ActionChunk, Command, JointState, Mode

ROWS, DT_S = 15, 1.0 / 30.0
STEP_RAD = 0.001
HOLD_TICKS = 3


class _ImaginaryRobot:
    """Goes where it is sent, at once."""

    def __init__(self, embodiment: Embodiment) -> None:
        self._n, self._arms = len(embodiment.joint_names), len(embodiment.arms)
        self._position = embodiment.home_position
        self.now_ns = 0
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


def rehearse(embodiment: Embodiment, station: Station) -> int:
    """Hold, follow a small motion to its end and hold again, in virtual time; return how many ticks followed it."""
    robot = _ImaginaryRobot(embodiment)
    loop = build_control_loop(embodiment, robot, station)
    rows = np.tile(embodiment.home_position, (ROWS, 1))
    rows += STEP_RAD * np.outer(np.arange(ROWS), ~embodiment.is_gripper)
    followed = 0
    for k in range(round(2.0 * ROWS * DT_S / embodiment.period_s)):
        robot.now_ns += round(embodiment.period_s * 1e9)
        loop.enable(robot.now_ns)
        followed += loop.tick(robot.now_ns, robot.now_ns).target is not None
        if k == HOLD_TICKS:
            loop.set_mode(Mode.POLICY, robot.now_ns)
            loop.accept(ActionChunk(1, 1, robot.now_ns, robot.now_ns, DT_S, rows), robot.now_ns)
    return followed
