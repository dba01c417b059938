"""What the grippers of every driver keep: the part of the driver's contract that is about them."""

import numpy as np
import pytest
from driver_rig import DriverRig

from ros_wam.errors import StateStale
from ros_wam.types import Command

BLOCKED_NS = 300_000_000
"""Less than any timeout of a gripper; a busy machine's scheduler is in it."""
GRIPPER_STOPS_S = 0.4
"""Within what a gripper stops after it was told to: its own link takes most of it."""


class GripperConformance:
    """Position 0 closed … 1 open, effort positive when opening. `silent_gripper` is the fault of its emulator after
    which the gripper, which has a connection of its own, tells nothing while the arm goes on.
    """

    silent_gripper = ""

    def test_gripper_is_0_closed_1_open_and_clamped(self, rig: DriverRig) -> None:
        rig.driver.connect()
        gripper = rig.embodiment.is_gripper
        for asked in (0.0, 1.7, 0.5, -0.3):
            position = np.where(gripper, asked, rig.read().position)
            clamped = np.clip(asked, 0.0, 1.0)
            np.testing.assert_array_equal(rig.hold(position).position[gripper], clamped)
            rig.run_until(lambda state: np.abs(state.position[gripper] - clamped).max() < 0.05, position)  # noqa: B023

    def test_an_object_holds_the_gripper_and_is_no_fault(self, rig: DriverRig) -> None:
        if rig.object_at is None:
            pytest.skip("nothing can be put between this robot's fingers")
        rig.driver.connect()
        start, gripper = rig.read().position, rig.embodiment.is_gripper
        force_n = list(rig.embodiment.grippers.values())[-1].force_n
        opened, closed = (np.where(gripper, opening, start) for opening in (1.0, 0.0))
        rig.run_until(lambda state: float(state.position[-1]) > 0.98, opened)
        rig.object_at(0.4)
        state = rig.run_until(lambda state: -1.05 * force_n < float(state.effort[-1]) < -0.8 * force_n, closed)
        assert state.position[-1] == pytest.approx(0.4, abs=0.02)
        rig.driver.stop()
        assert rig.watch(GRIPPER_STOPS_S).effort[-1] < -0.8 * force_n  # a stop lets nothing go
        rig.object_at(None)
        rig.run_until(lambda state: float(state.position[-1]) > 0.98, opened)
        rig.run_until(lambda state: float(state.position[-1]) < 0.02, closed)

    def test_a_stop_stops_fingers_that_move_where_they_are(self, rig: DriverRig) -> None:
        rig.driver.connect()
        start, gripper = rig.read().position, rig.embodiment.is_gripper
        opened, closed = (np.where(gripper, opening, start) for opening in (1.0, 0.0))
        rig.run_until(lambda state: bool((state.position[gripper] > 0.95).all()), opened)
        rig.run_until(lambda state: bool((state.position[gripper] < 0.85).all()), closed)
        rig.driver.stop()
        rest = rig.watch(GRIPPER_STOPS_S).position[gripper]
        assert (rest > 0.3).all(), f"{rest.tolist()} after a stop at less than 0.85"
        np.testing.assert_allclose(rig.watch(GRIPPER_STOPS_S).position[gripper], rest, atol=0.01)

    def test_a_silent_gripper_makes_the_state_stale_and_never_blocks_the_arm(self, rig: DriverRig) -> None:
        if not self.silent_gripper:
            pytest.skip("its gripper has no connection of its own")
        rig.driver.connect()
        hold = rig.fingers_in_motion()
        rig.inject(self.silent_gripper)
        slowest_ns, stale = 0, False
        until_ns = rig.clock.now_ns() + 1_000_000_000
        while rig.clock.now_ns() < until_ns:
            begin_ns = rig.clock.now_ns()
            rig.driver.send(Command(begin_ns, np.where(rig.embodiment.is_gripper, 0.5, hold)))
            try:
                rig.driver.read()
            except StateStale:
                stale = True
            slowest_ns = max(slowest_ns, rig.clock.now_ns() - begin_ns)
            rig.step()
        assert stale
        assert slowest_ns < BLOCKED_NS
        rig.clear()
        rig.run_until(
            lambda state: abs(float(state.position[-1]) - 0.5) < 0.05, np.where(rig.embodiment.is_gripper, 0.5, hold)
        )
