"""What may reach a vendor library."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_wam.drivers.command_check import FIRST_STEP_RAD, checked_position
from ros_wam.embodiment import load_embodiment
from ros_wam.errors import CommandInvalid
from ros_wam.types import Command, FloatArray

UR5 = load_embodiment(Path(__file__).parents[1] / "robots/ur5.yaml")
HOME = UR5.home_position
ANY = (
    st.floats(allow_nan=True, allow_infinity=True) | st.floats(-8.0, 8.0) | st.floats(-0.02, 0.02).map(lambda x: x + 1)
)


def check(position: FloatArray, sent: FloatArray | None = HOME) -> FloatArray:
    return checked_position(Command(0, np.asarray(position)), UR5, sent, HOME)


def moved(joint: int, by: float) -> FloatArray:
    position = HOME.copy()
    position[joint] += by
    return position


@given(st.lists(ANY, min_size=5, max_size=8))
def test_what_passes_is_within_every_limit(values: list[float]) -> None:
    try:
        position = check(np.array(values))
    except CommandInvalid:
        return
    assert position.shape == HOME.shape and np.isfinite(position).all()
    assert (np.abs(position - HOME)[:6] <= 1.05 * UR5.velocity[:6] * UR5.period_s).all()
    assert 0.0 <= position[6] <= 1.0


@given(st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6), st.floats(-3.0, 3.0))
def test_every_step_that_the_velocity_limit_allows_passes(share: list[float], gripper: float) -> None:
    step = np.array(share) * UR5.velocity[:6] * UR5.period_s
    np.testing.assert_array_equal(check(np.append(HOME[:6] + step, gripper))[:6], HOME[:6] + step)


@pytest.mark.parametrize("joint", range(6))
def test_a_leap_names_joint_start_end_and_bound(joint: int) -> None:
    with pytest.raises(CommandInvalid, match=rf"joint{joint + 1}: a step from .* is larger than 0\.0168"):
        check(moved(joint, 0.02))


def test_the_first_step_is_taken_from_the_measured_position() -> None:
    check(moved(2, 0.9 * FIRST_STEP_RAD), sent=None)
    with pytest.raises(CommandInvalid, match=r"larger than 0\.0500"):
        check(moved(2, 1.1 * FIRST_STEP_RAD), sent=None)


def test_outside_names_joint_value_and_bounds() -> None:
    outside = moved(2, 3.2 - HOME[2])
    with pytest.raises(CommandInvalid, match=r"joint3: 3\.2000 rad is outside -3\.1416 … 3\.1416"):
        check(outside, sent=outside)
