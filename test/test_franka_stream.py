"""What the real franky makes of the driver's stream of targets, cycle by cycle, against the emulated controller."""

from collections.abc import Iterator

import numpy as np
import pytest
from franka_streaming import Client, swing
from lockstep_fci import EmulatedController, LockstepFci

from ros_wam.drivers.franka_link import ACCELERATION_RAD_S2, SHARE

franky = pytest.importorskip("franky")
pytestmark = [pytest.mark.vendor, pytest.mark.slow]


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
