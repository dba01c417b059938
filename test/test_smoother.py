"""The smoother: every limit between every two samples, little lag, and rest where the chunk ends."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_fixtures import START_NS, chunk_of, ramp, robot

from ros_wam.embodiment import Embodiment
from ros_wam.motion.bounds import jerk_limited_stop, largest_rate, stopping_distance
from ros_wam.motion.chunk import ChunkBuffer
from ros_wam.motion.safety import REST_RAD_S
from ros_wam.motion.smoother import Smoother
from ros_wam.types import FloatArray

UR5 = robot()
HOME = UR5.home_position
ARM = ~UR5.is_gripper


def smoothed(embodiment: Embodiment, start: FloatArray, rows: FloatArray, duration_s: float) -> FloatArray:
    """Return the positions of every period while one chunk is followed from rest, and after it."""
    buffer, smoother = ChunkBuffer(embodiment), Smoother(embodiment)
    smoother.reset(start, np.zeros(7))
    buffer.add(chunk_of(rows, START_NS), START_NS, rested=False)
    period_ns = round(embodiment.period_s * 1e9)
    ticks = round(duration_s * embodiment.control_rate_hz)
    return np.array([smoother.step(buffer, START_NS + k * period_ns).position for k in range(ticks)])


def check_limits(positions: FloatArray, embodiment: Embodiment = UR5) -> None:
    rate = embodiment.control_rate_hz
    velocity = np.diff(positions, axis=0) * rate
    acceleration = np.diff(velocity, axis=0)[:, ARM] * rate
    jerk = np.diff(acceleration, axis=0) * rate
    assert (np.abs(velocity) <= embodiment.velocity + 1e-9).all()
    assert (np.abs(acceleration) <= embodiment.acceleration[ARM] + 1e-6).all()
    assert (np.abs(jerk) <= embodiment.jerk[ARM] + 1e-3).all()
    assert (positions >= embodiment.lower - 1e-9).all()
    assert (positions <= embodiment.upper + 1e-9).all()


def test_a_chunk_that_ends_in_motion_comes_to_rest_at_its_last_row() -> None:
    end = HOME + np.array([0.3, -0.2, 0, 0, 0.1, 0, 0])
    positions = smoothed(UR5, HOME, ramp(HOME, end), 2.0)
    check_limits(np.vstack([HOME, HOME, HOME, positions]))
    np.testing.assert_allclose(positions[-1], end, atol=4e-3)
    at_rest = round((29 / 30 + 0.3) * UR5.control_rate_hz)
    assert (np.abs(np.diff(positions[at_rest:], axis=0)) * UR5.control_rate_hz)[:, ARM].max() <= REST_RAD_S
    np.testing.assert_array_equal(positions[-1], positions[-20])


def test_a_consistent_motion_is_followed_without_lag() -> None:
    times_s = np.arange(60) / 30.0
    rows = HOME + np.outer(np.sin(2.0 * times_s), [0.2, 0.1, 0.1, 0, 0, 0.2, 0.0])
    positions = smoothed(UR5, HOME, rows, 60 / 30.0)
    sample_s = (np.arange(len(positions)) + 1) * UR5.period_s
    wanted = HOME[0] + 0.2 * np.sin(2.0 * sample_s)
    late = (sample_s > 1.2) & (sample_s < 1.8)
    assert np.abs(positions[:, 0] - wanted)[late].max() < 0.004


def test_at_constant_velocity_there_is_no_lag() -> None:
    buffer, smoother = ChunkBuffer(UR5), Smoother(UR5)
    rows = ramp(HOME, HOME + np.array([0.5, -0.4, 0.3, 0.2, 0.1, -0.5, 0]), rows=60)
    velocity = (rows[1] - rows[0]) * 30.0
    smoother.reset(HOME, velocity)
    buffer.add(chunk_of(rows, START_NS), START_NS, rested=False)
    for k in range(200):
        position = smoother.step(buffer, START_NS + round(k * UR5.period_s * 1e9)).position
        np.testing.assert_allclose(position, HOME + velocity * (k + 1) * UR5.period_s, atol=1e-7)


@pytest.mark.parametrize("rested", [False, True])
@pytest.mark.parametrize("difference_rad", [0.01, UR5.start_distance_rad])
@pytest.mark.parametrize("moving", [0.0, 0.3])
def test_a_difference_to_a_new_chunk_is_worked_off_within_the_time_stated(
    rested: bool, difference_rad: float, moving: float
) -> None:
    buffer, smoother = ChunkBuffer(UR5), Smoother(UR5)
    rows = ramp(HOME, HOME + 2.0 * moving * ARM, rows=61)
    smoother.reset(HOME + difference_rad * ARM, moving * ARM)
    buffer.add(chunk_of(rows, START_NS), START_NS, rested=rested)
    left = []
    for k in range(round(1.2 / UR5.period_s)):
        now_ns = START_NS + round(k * UR5.period_s * 1e9)
        position = smoother.step(buffer, now_ns).position
        left.append(np.abs(position - HOME - moving * ARM * (k + 1) * UR5.period_s)[ARM].max() / difference_rad)
    within_s = 0.6 if rested else 0.9
    assert max(left[round(within_s / UR5.period_s) - 1 :]) <= 0.05
    assert max(left) <= 1.0  # and it never grows


def test_the_gripper_has_only_its_rate() -> None:
    closed = np.array(HOME)
    closed[6] = 0.0
    positions = smoothed(UR5, HOME, ramp(closed, closed), 1.0)
    stroke = np.abs(np.diff(positions[:, 6]))
    assert stroke.max() == pytest.approx(UR5.velocity[6] * UR5.period_s)
    assert positions[round(1.0 / UR5.velocity[6] / UR5.period_s) + 1, 6] == 0.0


def test_without_a_chunk_motion_goes_to_rest_and_stays() -> None:
    smoother, buffer = Smoother(UR5), ChunkBuffer(UR5)
    start = np.array([0.5, -0.5, 1.9, 0.01, 0, 0, 0.7])
    smoother.reset(HOME, start)
    positions = np.array([smoother.step(buffer, START_NS + k).position for k in range(150)])
    before = np.array([HOME - start * UR5.period_s, HOME])
    before[0, 6] = HOME[6]
    check_limits(np.vstack([before, positions]))
    np.testing.assert_array_equal(positions[-1], positions[-2])
    assert positions[-1, 6] == HOME[6]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    manner=st.sampled_from(["walk", "far", "noise"]),
    rate_hz=st.sampled_from([100.0, 125.0, 500.0]),
)
def test_no_chunks_make_it_leave_the_limits(seed: int, manner: str, rate_hz: float) -> None:
    embodiment = replace(UR5, control_rate_hz=rate_hz)
    rng = np.random.default_rng(seed)
    buffer, smoother = ChunkBuffer(embodiment), Smoother(embodiment)
    smoother.reset(HOME, np.zeros(7))
    positions, number = [HOME] * 3, 0
    for k in range(round(1.5 * rate_hz)):
        now_ns = START_NS + round(k * 1e9 / rate_hz)
        if rng.random() < 3.0 / rate_hz or k == 0:
            number += 1
            rows, dt_s = int(rng.integers(2, 40)), float(rng.choice([0.02, 1.0 / 30.0, 0.1]))
            shape = {
                "walk": np.cumsum(rng.normal(0.0, 0.05, (rows, 7)), axis=0),
                "far": np.linspace(0.0, 1.0, rows)[:, None] * rng.normal(0.0, 3.0, 7),
                "noise": rng.normal(0.0, 0.5, (rows, 7)),
            }[manner]
            t0_ns = now_ns - int(rng.choice([0, 10**8, 3 * 10**8]))
            chunk = chunk_of(positions[-1] + shape, t0_ns, dt_s, number)
            buffer.add(chunk, now_ns, rested=bool(rng.random() < 0.3))
        positions.append(smoother.step(buffer, now_ns).position)
    check_limits(np.array(positions), embodiment)


@given(room=st.floats(0.0, 10.0), slope=st.floats(0.1, 100.0), period_s=st.sampled_from([0.002, 0.008, 0.01]))
def test_the_largest_rate_stops_exactly_in_the_room_it_has(room: float, slope: float, period_s: float) -> None:
    slopes = np.array([slope])
    rate = largest_rate(np.array([room]), slopes, period_s)
    used = rate * period_s + stopping_distance(rate, slopes, period_s)
    np.testing.assert_allclose(used, room, rtol=1e-9, atol=1e-12)


def test_there_is_no_rate_without_room() -> None:
    assert largest_rate(np.array([-0.1, 0.0]), np.ones(2), 0.01).tolist() == [0.0, 0.0]


def integrated_stop(velocity: float, acceleration: float, limit: float, jerk: float) -> float:
    """Brake step by step, as late as possible."""
    period_s, distance = 1e-5, 0.0
    while velocity > 0.0 or acceleration > 0.0:
        letting_off = velocity - acceleration**2 / (2.0 * jerk) <= 0.0 and acceleration < 0.0
        acceleration = acceleration + jerk * period_s if letting_off else max(acceleration - jerk * period_s, -limit)
        velocity += acceleration * period_s
        distance += velocity * period_s
    return distance


@pytest.mark.parametrize(("velocity", "acceleration"), [(2.0, 0.0), (0.3, 0.0), (0.3, 5.0), (1.5, 8.0), (1.0, -4.0)])
def test_the_jerk_limited_stop_agrees_with_braking_step_by_step(velocity: float, acceleration: float) -> None:
    predicted = jerk_limited_stop(np.array([velocity]), np.array([acceleration]), np.array([8.0]), np.array([80.0]))
    assert predicted[0] == pytest.approx(integrated_stop(velocity, acceleration, 8.0, 80.0), rel=0.02)
