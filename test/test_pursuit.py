"""A target goes after its goal as fast as it may and stops at it, whatever its speed was."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_fixtures import robot

from ros_wam.teleop.pursuit import SHARE, Pursuit

UR5 = robot()
N = len(UR5.joint_names)
PERIOD_S = 0.02


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=3), st.floats(0.3, 1.0))
def test_it_reaches_every_goal_within_its_speed_and_acceleration(goals: list[float], share: float) -> None:
    pursuit, at, rate = Pursuit(UR5), 0.0, 0.0
    top = share * UR5.velocity
    for goal in goals:
        for _ in range(round(1.0 / share / PERIOD_S) + 50):
            pursuit.rate = pursuit.towards(np.full(N, goal - at), top, PERIOD_S)
            assert abs(pursuit.rate[0]) <= top[0] + 1e-12
            assert abs(pursuit.rate[0] - rate) <= SHARE * UR5.acceleration[0] * PERIOD_S + 1e-9
            rate = float(pursuit.rate[0])
            at += rate * PERIOD_S
        assert abs(at - goal) < 1e-6


def test_braking_comes_to_rest_within_what_stop_says() -> None:
    pursuit = Pursuit(UR5)
    for _ in range(20):
        pursuit.rate = pursuit.towards(np.full(N, 10.0), UR5.velocity, PERIOD_S)
    room, gone = float(pursuit.stop(pursuit.rate, PERIOD_S)[0]), float(pursuit.rate[0]) * PERIOD_S
    while pursuit.rate[0] > 0.0:
        pursuit.rate = pursuit.braking(PERIOD_S)
        gone += float(pursuit.rate[0]) * PERIOD_S
    assert 0.5 * room < gone < room


def test_a_gripper_has_no_inertia() -> None:
    pursuit = Pursuit(UR5)
    rate = pursuit.towards(np.full(N, -0.02), UR5.velocity, PERIOD_S)
    assert rate[6] == -1.0
    assert pursuit.braking(PERIOD_S)[6] == 0.0
    assert pursuit.stop(rate, PERIOD_S)[6] == -0.02
