"""How every driver comes to rest: the part of the driver's contract that is about streams that end, and stops."""

import math

import numpy as np
import pytest
from driver_rig import REST_RAD, DriverRig

from ros_wam.errors import RobotStopped
from ros_wam.types import Command

RUN_S, STOPS_S = 0.25, 0.6
"""How long the joints run before they are stopped, and within what they rest then."""
LONGEST_RAD, ROOM = 2.5, 0.4
"""The way on which they are stopped: at most so much, and this share of a joint's range, which one side has."""
NEARER = 0.4
"""After a stop less than this share of the way that was left is gone: a controller brakes, and the link takes time."""


class RestConformance:
    """Where a robot rests it stays, and a stop leaves it near to where it was stopped."""

    def test_a_stream_that_ends_leaves_the_robot_at_rest(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start = rig.read().position
        end = rig.inwards(start, 0.1)
        rig.go(start, end, periods=rig.periods(0.3))
        rig.steps(rig.periods(0.8))
        rest = _position(rig)
        rig.steps(rig.periods(0.4))
        np.testing.assert_allclose(_position(rig), rest, atol=REST_RAD)
        np.testing.assert_allclose(rest[rig.arm], end[rig.arm], atol=0.02)

    @pytest.fixture
    def streaming_rig(self, rig: DriverRig) -> DriverRig:
        """A rig whose robot goes to where it was sent if nothing stops it, also when it hears no more for a second."""
        return rig

    def test_a_stop_rests_short_of_where_the_stream_was_going_and_motion_may_go_on(
        self, streaming_rig: DriverRig
    ) -> None:
        rig, arm = streaming_rig, streaming_rig.arm
        rig.driver.connect()
        end = self._stream_far_ahead(rig)
        stopped = rig.read().position
        rig.driver.stop()
        rig.driver.stop()
        rest = rig.watch(STOPS_S).position
        gone, left = np.abs(rest - stopped)[arm], np.abs(end - stopped)[arm]
        assert (gone < NEARER * left).all(), f"after a stop {gone.tolist()} of {left.tolist()} rad"
        np.testing.assert_allclose(rig.watch(0.2).position, rest, atol=REST_RAD)
        for _ in range(10):
            rig.hold(rest)

    def _stream_far_ahead(self, rig: DriverRig) -> np.ndarray:
        """Let every joint run, send the rest of its way at once, and return where that ends."""
        start, bounds = rig.read().position, rig.embodiment
        end = rig.inwards(start, np.minimum(np.where(rig.arm, ROOM * (bounds.upper - bounds.lower), 0.0), LONGEST_RAD))
        steps = math.ceil(np.abs((end - start) / bounds.velocity)[rig.arm].max() / bounds.period_s)
        path, runs = np.linspace(start, end, steps + 1)[1:], rig.periods(RUN_S)
        for position in path[:runs]:
            rig.hold(position)
        for position in path[runs:]:
            rig.driver.send(Command(rig.clock.now_ns(), position))
        return end


def _position(rig: DriverRig) -> np.ndarray:
    """Where the robot is; one that stops by itself when it hears nothing is recovered to be asked."""
    try:
        return rig.read().position
    except RobotStopped:
        rig.recover()
        return rig.read().position
