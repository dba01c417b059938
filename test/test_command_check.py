"""What a command must be before it reaches a vendor library, around every bound."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.drivers.command_check import FIRST_STEP_RAD, POSITION_SLACK_RAD, STEP_SLACK, checked_position
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import CommandInvalid
from ros_wam.types import Command

UR5 = load_embodiment(Path(__file__).parents[1] / "robots" / "ur5.yaml")
HOME = UR5.home_position
STEP = UR5.velocity * UR5.period_s * STEP_SLACK


def check(position: np.ndarray, sent: np.ndarray | None = HOME, measured: np.ndarray = HOME) -> np.ndarray:
    return checked_position(Command(0, position), UR5, sent, measured)


@pytest.mark.parametrize("joint", range(7))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_is_refused(joint: int, value: float) -> None:
    position = HOME.copy()
    position[joint] = value
    with pytest.raises(CommandInvalid, match="finite"):
        check(position)


@pytest.mark.parametrize("count", [0, 1, 6, 8, 12])
def test_another_length_is_refused(count: int) -> None:
    with pytest.raises(CommandInvalid, match="7 finite"):
        check(np.zeros(count))


@pytest.mark.parametrize("joint", range(6))
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_position_limits_hold_with_the_slack_of_a_resting_robot(joint: int, sign: float) -> None:
    limit = (UR5.upper if sign > 0 else UR5.lower)[joint]
    at = HOME.copy()
    at[joint] = limit + sign * (POSITION_SLACK_RAD - 1e-9)
    np.testing.assert_array_equal(check(at, at), at)
    beyond = at.copy()
    beyond[joint] = limit + sign * (POSITION_SLACK_RAD + 1e-6)
    with pytest.raises(CommandInvalid, match=f"joint{joint + 1}.*outside"):
        check(beyond, beyond)


@given(st.integers(0, 5), st.sampled_from([-1.0, 1.0]), st.floats(0.0, 3.0))
def test_a_step_is_bounded_by_the_velocity_limit(joint: int, sign: float, share: float) -> None:
    position = HOME.copy()
    position[joint] += sign * share * STEP[joint]
    if share <= 0.999:
        np.testing.assert_array_equal(check(position), position)
    elif share >= 1.001:
        with pytest.raises(CommandInvalid, match=f"joint{joint + 1}: a step"):
            check(position)


@pytest.mark.parametrize(("step", "passes"), [(0.99 * FIRST_STEP_RAD, True), (1.01 * FIRST_STEP_RAD, False)])
def test_the_first_step_is_taken_from_the_measured_position(step: float, passes: bool) -> None:
    position = HOME + np.array([step, 0, 0, 0, 0, 0, 0])
    if passes:
        np.testing.assert_array_equal(check(position, None), position)
    else:
        with pytest.raises(CommandInvalid, match="joint1: a step"):
            check(position, None)


@given(st.floats(-5.0, 5.0))
def test_grippers_are_clamped_and_may_leap(opening: float) -> None:
    assert check(np.append(HOME[:6], opening))[6] == np.clip(opening, 0.0, 1.0)
