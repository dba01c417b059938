"""The loop that measures a driver's rate: what it sends, and what it counts."""

import sys

import numpy as np
import pytest
from fake_policy import UR5
from motion_fixtures import PerfectRobot

from ros_wam.bench import rates
from ros_wam.bench.driver_loop import SETTLE_S, SWING_HZ, SWING_RAD, run_loop, swing
from ros_wam.clock import FakeClock
from ros_wam.errors import RobotStopped, StateStale


def test_the_arm_swings_from_rest_and_back_within_its_limits() -> None:
    start, arm = UR5.home_position, ~UR5.is_gripper
    times_s = np.arange(0.0, 1.0 / SWING_HZ, UR5.period_s)
    way = np.array([swing(start, arm, time_s) for time_s in times_s])
    np.testing.assert_array_equal(way[0], start)
    np.testing.assert_allclose(np.abs(way - start).max(axis=0)[arm], SWING_RAD, rtol=1e-6)
    assert (np.abs(way) <= np.abs(start)).all() and (way[:, ~arm] == start[~arm]).all()
    assert (np.abs(np.diff(way, axis=0)) <= UR5.velocity * UR5.period_s).all()


def test_sent_commands_and_different_states_are_counted() -> None:
    clock = FakeClock(1_000_000_000)
    robot = PerfectRobot(UR5, clock)
    found = run_loop(robot, UR5, 2.0, clock)
    assert found["sent_hz"] == pytest.approx(125.0, rel=0.01)
    assert found["states_hz"] == pytest.approx(125.0, rel=0.01)
    assert found["stale_reads"] == found["missed_ticks"] == 0
    assert len(robot.sent) == pytest.approx(250, abs=1)


def test_a_state_that_stands_still_is_no_state() -> None:
    clock = FakeClock(1_000_000_000)
    robot = PerfectRobot(UR5, clock)
    robot.frozen_stamp_ns = 5
    assert run_loop(robot, UR5, 1.0, clock)["states_hz"] == pytest.approx(1.0, rel=0.05)


def test_a_robot_that_fails_ends_the_measurement() -> None:
    clock = FakeClock(1_000_000_000)
    robot = PerfectRobot(UR5, clock)
    robot.failure = RobotStopped("protective stop")
    with pytest.raises(RobotStopped):
        run_loop(robot, UR5, 1.0, clock)
    robot.failure = StateStale("no state")
    with pytest.raises(StateStale):
        run_loop(robot, UR5, 1.0, clock)
    assert clock.now_ns() >= 1_000_000_000 + 2 * SETTLE_S * 1e9


def test_a_loop_that_does_not_end_is_told_in_words() -> None:
    assert rates._end([sys.executable, "-S", "-c", "while True: pass"], {}, 0.1) == "no end within 0.1 s"
    assert (
        rates._end([sys.executable, "-S", "-c", "raise SystemExit('no library')"], {}, 20.0) == "status 1: no library"
    )
