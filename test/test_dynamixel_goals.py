"""What an arm's servos are told: weight and grip are kept, motion is followed."""

import numpy as np
import pytest

from ros_wam.drivers.dynamixel_goals import GRIP_RAD, NEAR_RAD, STOP_RAD, DynamixelGoals

TOLD = np.array([0.0, 0.5, -0.5, 0.0, 0.0, 0.0, 0.6])
SAGGED = np.array([0.0, 0.46, -0.47, 0.0, 0.0, 0.0, 1.0])
REST, PRESSING = np.zeros(7), np.array([0.0, 2.0, -2.0, 0.0, 0.0, 0.0, -0.9])


@pytest.fixture
def goals() -> DynamixelGoals:
    return DynamixelGoals(TOLD.copy(), 0.2)


def follow(goals: DynamixelGoals, command: np.ndarray, **state: np.ndarray) -> np.ndarray:
    return goals.follow(command, **{"position": SAGGED, "velocity": REST, "torque": PRESSING} | state)


def test_an_arm_that_is_taken_where_it_sags_does_not_creep(goals: DynamixelGoals) -> None:
    for _ in range(5):
        for _ in range(3):
            np.testing.assert_allclose(follow(goals, SAGGED), TOLD, atol=1e-12)
        assert goals.stop(TOLD, SAGGED, REST, PRESSING) is None


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_motion_uses_up_what_was_kept_without_a_leap(goals: DynamixelGoals, sign: float) -> None:
    before, command = follow(goals, SAGGED), SAGGED.copy()
    for _ in range(10):
        command[1] += sign * 0.01
        goal = follow(goals, command)
        assert abs(goal[1] - before[1]) <= 0.02 + 1e-12
        before = goal
    assert goal[1] == pytest.approx(command[1]) and goal[2] == pytest.approx(TOLD[2])


def test_a_first_step_is_a_step(goals: DynamixelGoals) -> None:
    command = SAGGED + np.array([0.04, 0, 0, 0, 0, 0, 0])
    assert follow(goals, command)[0] == pytest.approx(0.04)


def test_a_goal_far_away_and_one_of_a_joint_in_motion_are_dropped(goals: DynamixelGoals) -> None:
    far = SAGGED.copy()
    far[1] = TOLD[1] - NEAR_RAD - 0.01
    moving = np.array([0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0])
    goal = follow(goals, far, position=far, velocity=moving)
    np.testing.assert_allclose(goal[1:3], far[1:3])


@pytest.mark.parametrize(
    ("speed", "torque", "held"),
    [(-1.5, REST, SAGGED[-1]), (0.0, REST, SAGGED[-1]), (0.0, PRESSING, TOLD[-1]), (-1.5, PRESSING, TOLD[-1])],
)
def test_stopping_holds_what_moves_where_it_is_and_keeps_the_grip(
    goals: DynamixelGoals, speed: float, torque: np.ndarray, held: float
) -> None:
    goal = goals.stop(TOLD, SAGGED, np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, speed]), torque)
    assert goal is not None
    np.testing.assert_allclose(goal, [0.0, SAGGED[1], *TOLD[2:-1], held])


@pytest.mark.parametrize(
    ("off", "kept"), [(0.02, 0.02), (-0.02, -0.02), (0.09, STOP_RAD), (-0.09, -STOP_RAD), (0.2, 0)]
)
def test_what_holds_a_joint_off_its_goal_may_go_after_a_stop(goals: DynamixelGoals, off: float, kept: float) -> None:
    told = SAGGED + off * (np.arange(7) == 0)
    goal = goals.stop(told, SAGGED, REST, PRESSING)
    assert (told if goal is None else goal)[0] == pytest.approx(SAGGED[0] + kept)


def test_a_stop_forgets_goals_that_no_servo_has(goals: DynamixelGoals) -> None:
    follow(goals, SAGGED + 0.04)
    assert goals.stop(TOLD, SAGGED, REST, PRESSING) is None
    np.testing.assert_allclose(follow(goals, SAGGED), TOLD)


def test_a_gripper_that_presses_keeps_pressing_until_it_is_opened(goals: DynamixelGoals) -> None:
    for yielded in (0.0, 0.002, 0.05):  # what it holds gives way a little
        position = SAGGED - np.array([0, 0, 0, 0, 0, 0, yielded])
        assert follow(goals, SAGGED, position=position, torque=PRESSING * (yielded < 0.05))[-1] == TOLD[-1]
    opening = SAGGED.copy()
    opening[-1] += GRIP_RAD + 0.001
    assert follow(goals, opening)[-1] == opening[-1]
    assert follow(goals, opening, torque=REST)[-1] == opening[-1]


def test_a_command_to_close_further_is_followed(goals: DynamixelGoals) -> None:
    follow(goals, SAGGED)
    closing = SAGGED.copy()
    for closing[-1], goal in ((0.8, 0.6), (0.61, 0.6), (0.5, 0.5)):
        assert follow(goals, closing)[-1] == goal


@pytest.mark.parametrize("free", [{"torque": REST}, {"velocity": np.array([0, 0, 0, 0, 0, 0, -1.0])}])
def test_a_free_gripper_stops_where_it_is_told_to(goals: DynamixelGoals, free: dict[str, np.ndarray]) -> None:
    for _ in range(2):
        assert follow(goals, SAGGED, **free)[-1] == SAGGED[-1]
