"""Targets streamed to a controller in lockstep as the Franka driver does it, and what the real franky makes of them."""

import contextlib
from typing import Any

import numpy as np
from lockstep_fci import LockstepFci

from ros_wam.drivers.franka_link import connected, stream

PERIOD_CYCLES, PERIOD_S = 5, 0.005
SIZE_RAD, TURNS_RAD_S = 0.25, 2.0 * np.pi * 0.6


class Client:
    """The driver's way to send targets, without its thread."""

    def __init__(self, controller: LockstepFci) -> None:
        self._controller = controller
        self.robot: Any = connected(controller.address, enforce_realtime=False)
        self.start = np.array(self.robot.state.q)
        self._before = self.start
        controller.cycles(1)
        self.send(0.0, 200)

    def send(self, way_rad: float, cycles: int = PERIOD_CYCLES, lost: int = 0) -> np.ndarray:
        """Send that all joints be `way_rad` from the start; return how far they were commanded `(cycles, 7)` [rad]."""
        position = self.start + way_rad
        stream(self.robot, position, (position - self._before) / PERIOD_S)
        self._before = position
        return self._controller.cycles(cycles, lost) - self.start

    def end(self) -> None:
        """End the motion; the controller goes on by itself."""
        import franky

        self._controller.let_go()
        with contextlib.suppress(franky.Exception, RuntimeError):  # a reflex, or that it was preempted
            self.robot.stop()
        with contextlib.suppress(franky.Exception, RuntimeError):
            self.robot.join_motion(1.0)


def swing(client: Client, lose_every: int = 0, lost: int = 0) -> tuple[float, np.ndarray]:
    """Swing for 2 s; return the largest distance to what was sent [rad], and the commanded way `(cycles, 7)` [rad]."""
    rows, errors = [], []
    for k in range(400):
        way = SIZE_RAD * (1.0 - np.cos(TURNS_RAD_S * k * PERIOD_S))
        rows.append(client.send(way, lost=lost if lose_every and k % lose_every == 0 else 0))
        errors.append(np.abs(rows[-1] - way).max())
    return float(max(errors)), np.concatenate(rows)
