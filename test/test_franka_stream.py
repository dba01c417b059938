"""What the real franky makes of the driver's stream of targets, cycle by cycle, against the emulated controller."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from lockstep_fci import EmulatedController, LockstepFci

from ros_wam.drivers.franka_link import ACCELERATION_RAD_S2, SHARE, connected, stream

franky = pytest.importorskip("franky")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]

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
        self._controller.let_go()
        with contextlib.suppress(franky.Exception, RuntimeError):
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


@pytest.fixture
def client() -> Iterator[Client]:
    controller = LockstepFci(EmulatedController)
    client = Client(controller)
    yield client
    client.end()
    controller.close()


def test_a_fast_motion_is_followed_closely_and_within_the_acceleration_that_is_ours(client: Client) -> None:
    error_rad, way = swing(client)
    assert error_rad < 0.01  # 0.036 with libfranka's low-pass filter on
    assert np.abs(np.diff(way, 2, axis=0)).max() / 1e-6 < 1.01 * SHARE * ACCELERATION_RAD_S2


def test_answers_lost_in_a_row_stop_nothing_and_leave_no_lag(client: Client) -> None:
    error_rad, _ = swing(client, lose_every=40, lost=5)
    assert error_rad < 0.01


def test_a_controller_that_told_its_desired_state_late_would_stop_at_once() -> None:
    """None does: with it libfranka's rate limiter, on by default up to 0.9, would end every motion like this."""
    controller = LockstepFci(EmulatedController, told_late=1)
    client = Client(controller)
    try:
        with pytest.raises(franky.ControlException, match="joint_motion_generator_acceleration_discontinuity"):
            swing(client)
        assert np.abs(controller.cycles(1) - client.start).max() < 1e-3
    finally:
        client.end()
        controller.close()
