"""Motions that the emulated UR plans itself: they arrive, within their speed and acceleration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.sim.emulators.joint_motion import Motion, MoveJ, SpeedJ, StopJ

PERIOD_S = 0.008
_JOINTS = st.lists(st.floats(-3.0, 3.0), min_size=6, max_size=6).map(np.array)


def follow(motion: Motion, steps: int = 20_000) -> np.ndarray:
    """Return the setpoints `(k, 6)` until the motion is done."""
    setpoints = []
    while not motion.done:
        setpoints.append(motion.step(PERIOD_S))
        assert len(setpoints) < steps
    return np.array(setpoints)


@settings(max_examples=30, deadline=None)
@given(_JOINTS, _JOINTS, st.floats(0.1, 3.0), st.floats(0.5, 10.0))
def test_movej_arrives_within_its_speed_and_acceleration(
    start: np.ndarray, goal: np.ndarray, speed: float, acceleration: float
) -> None:
    path = np.vstack([start, start, follow(MoveJ(start, goal, speed, acceleration))])
    velocity = np.diff(path, axis=0)[:-1] / PERIOD_S  # the last period is cut short
    assert np.allclose(path[-1], goal)
    assert np.abs(velocity).max(initial=0.0) <= speed * (1 + 1e-6) + 1e-9
    assert np.abs(np.diff(velocity, axis=0)).max(initial=0.0) <= acceleration * PERIOD_S * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize("length", [0.0, 5e-324])
def test_movej_to_where_it_is_ends_at_once(length: float) -> None:
    (path,) = follow(MoveJ(np.zeros(6), np.full(6, length), 1.0, 0.5))
    assert (path == 0.0).all()


@settings(max_examples=30, deadline=None)
@given(_JOINTS, _JOINTS, st.floats(0.5, 20.0))
def test_stopj_brakes_without_turning_back(position: np.ndarray, velocity: np.ndarray, deceleration: float) -> None:
    path = np.vstack([position, follow(StopJ(position, velocity, deceleration))])
    assert (np.diff(path, axis=0) * np.sign(velocity) >= -1e-9).all()
    expected = position + 0.5 * velocity * np.abs(velocity).max() / deceleration
    assert np.allclose(path[-1], expected, atol=0.02)


def test_speedj_keeps_its_speed_until_another_is_asked() -> None:
    motion = SpeedJ(np.zeros(6), np.zeros(6), np.full(6, 0.5), 2.0)
    for _ in range(100):
        motion.step(PERIOD_S)
    before = motion.step(PERIOD_S)
    assert np.allclose(motion.step(PERIOD_S) - before, 0.5 * PERIOD_S)
    motion.change(np.zeros(6), 2.0)
    for _ in range(100):
        motion.step(PERIOD_S)
    assert motion.is_at_speed and not motion.done
