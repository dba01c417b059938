"""The chunk buffer: every row belongs to an absolute time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_fixtures import START_NS, chunk_of, ramp, robot

from ros_wam.errors import SpecError
from ros_wam.motion.chunk import ChunkBuffer
from ros_wam.motion.trajectory import SETTLE_S, ChunkTrajectory
from ros_wam.types import FloatArray

UR5 = robot()
HOME = UR5.home_position
DT_S = 1.0 / 30.0
RAMP = ramp(HOME, HOME + np.array([0.3, 0.2, -0.1, 0, 0, 0.1, -1.0]))


def at(elapsed_s: float) -> int:
    return START_NS + round(elapsed_s * 1e9)


def test_an_empty_buffer_has_no_target() -> None:
    buffer = ChunkBuffer(UR5)
    assert buffer.target(START_NS) is None
    assert buffer.reference(START_NS) is None
    assert buffer.newest is None
    assert buffer.end_ns is None


def test_row_k_is_due_k_periods_after_t0() -> None:
    buffer = ChunkBuffer(UR5)
    buffer.add(chunk_of(RAMP, START_NS, observation_ns=START_NS - 5), START_NS, rested=False)
    velocity = (RAMP[1] - RAMP[0]) / DT_S
    for k in (0, 1, 7, 20, 26):
        target = buffer.target(at(k * DT_S))
        assert target is not None
        np.testing.assert_allclose(target.position, RAMP[k], atol=1e-6)
        np.testing.assert_allclose(target.velocity, velocity, atol=1e-6)
        assert target.provenance.index == k
        assert target.provenance.observation_stamp_ns == START_NS - 5


def test_a_chunk_without_a_successor_ends_at_rest_at_its_last_row() -> None:
    buffer = ChunkBuffer(UR5)
    buffer.add(chunk_of(RAMP, START_NS), START_NS, rested=False)
    end_s = 29 * DT_S
    assert buffer.end_ns == at(end_s + SETTLE_S)
    last = buffer.target(at(end_s + SETTLE_S))
    assert last is not None
    np.testing.assert_allclose(last.position, RAMP[-1], atol=1e-9)
    np.testing.assert_allclose(last.velocity, 0.0)
    assert last.provenance.index == 29
    assert buffer.target(at(end_s + SETTLE_S) + 1) is None


def test_positions_and_velocities_are_continuous_and_agree() -> None:
    trajectory = ChunkTrajectory(chunk_of(RAMP + 0.02 * np.sin(np.arange(30))[:, None], START_NS), UR5)
    step_s = 1e-3
    samples = [trajectory.at(at(k * step_s)) for k in range(round((29 * DT_S + SETTLE_S) / step_s))]
    position = np.array([sample.position for sample in samples if sample is not None])[:, :6]
    velocity = np.array([sample.velocity for sample in samples if sample is not None])[:, :6]
    np.testing.assert_allclose(np.diff(position, axis=0) / step_s, (velocity[1:] + velocity[:-1]) / 2.0, atol=1e-3)
    assert np.abs(np.diff(velocity, axis=0)).max() < 0.02


def test_a_newer_chunk_takes_over_from_its_arrival_and_its_past_rows_are_dropped() -> None:
    buffer = ChunkBuffer(UR5)
    buffer.add(chunk_of(RAMP, START_NS), START_NS, rested=False)
    newer = chunk_of(RAMP + 0.01, START_NS, number=2)
    now_ns = at(10 * DT_S)
    before = buffer.target(now_ns - 1)
    buffer.add(newer, now_ns, rested=False)
    after = buffer.target(now_ns)
    assert before is not None
    assert after is not None
    assert (before.provenance.chunk_id, after.provenance.chunk_id) == (1, 2)
    assert after.provenance.index == 10
    np.testing.assert_allclose(after.position[:6], RAMP[10, :6] + 0.01, atol=1e-6)
    assert buffer.newest is newer


def test_after_a_rest_row_0_is_moved_to_the_arrival_and_this_is_recorded() -> None:
    buffer = ChunkBuffer(UR5)
    followed = buffer.add(chunk_of(RAMP, START_NS), at(5.0), rested=True)
    assert (followed.t0_ns, followed.observation_stamp_ns, followed.reanchored) == (at(5.0), START_NS, True)
    target = buffer.target(at(5.0))
    assert target is not None
    np.testing.assert_allclose(target.position, RAMP[0], atol=1e-9)
    assert (target.provenance.index, target.provenance.reanchored) == (0, True)
    assert ChunkBuffer(UR5).add(chunk_of(RAMP, START_NS), at(0.1), rested=False).reanchored is False


def test_clear_forgets_the_chunk() -> None:
    buffer = ChunkBuffer(UR5)
    buffer.add(chunk_of(RAMP, START_NS), START_NS, rested=False)
    buffer.clear()
    assert (buffer.target(START_NS), buffer.newest, buffer.end_ns) == (None, None, None)


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.lists(st.floats(-10.0, 10.0), min_size=7, max_size=7), min_size=2, max_size=40),
    dt_s=st.sampled_from([0.01, 0.02, 1.0 / 30.0, 0.1, 0.5]),
    share=st.floats(0.0, 1.0),
)
def test_any_chunk_gives_targets_within_the_position_limits(rows: list[list[float]], dt_s: float, share: float) -> None:
    trajectory = ChunkTrajectory(chunk_of(np.array(rows), START_NS, dt_s), UR5)
    reference = trajectory.at(START_NS + round(share * (trajectory.end_ns - START_NS)))
    assert reference is not None
    assert (reference.position >= UR5.lower).all()
    assert (reference.position <= UR5.upper).all()
    assert np.isfinite(reference.velocity).all()
    assert np.isfinite(reference.acceleration).all()
    assert 0 <= reference.row < len(rows)


def noisy(deviation: float) -> FloatArray:
    rows = RAMP.copy()
    rows[:, :6] += np.random.default_rng(0).normal(0.0, deviation, (30, 6))
    return rows


def test_noise_from_row_to_row_is_averaged_without_delaying_the_motion() -> None:
    trajectory = ChunkTrajectory(chunk_of(noisy(0.005), START_NS), UR5)
    samples = [trajectory.at(at(k * DT_S)) for k in range(3, 26)]
    errors = np.array([s.position - RAMP[k] for k, s in enumerate(samples, 3) if s is not None])[:, :6]
    assert np.sqrt((errors**2).mean()) < 0.6 * 0.005
    assert np.abs(errors.mean(axis=0)).max() < 0.6 * 0.005


def test_rows_far_apart_in_time_are_not_averaged() -> None:
    rows = noisy(0.05)
    reference = ChunkTrajectory(chunk_of(rows, START_NS, 0.5), UR5).at(at(5.0))
    assert reference is not None
    wanted = (rows[9] + 4.0 * rows[10] + rows[11]) / 6.0
    np.testing.assert_allclose(reference.position[:6], wanted[:6])


def test_before_its_first_row_a_trajectory_says_nothing() -> None:
    assert ChunkTrajectory(chunk_of(RAMP, START_NS), UR5).at(START_NS - 1) is None


@pytest.mark.parametrize("rows", [2, 3])
def test_the_shortest_chunks_are_followed(rows: int) -> None:
    trajectory = ChunkTrajectory(chunk_of(ramp(HOME, HOME, rows), START_NS, 0.01), UR5)
    reference = trajectory.at(at(0.005))
    assert reference is not None
    np.testing.assert_allclose(reference.position, HOME)


def test_at_a_share_of_its_speed_the_same_path_is_followed_later() -> None:
    buffer = ChunkBuffer(UR5)
    buffer.add(chunk_of(RAMP, START_NS), START_NS, rested=False)
    buffer.set_speed(0.5, START_NS)
    slowed = [buffer.target(at(k * 0.01)) for k in range(230)]
    seen = [target for target in slowed if target is not None]
    travelled = np.array([target.position[0] - HOME[0] for target in seen])
    for target in seen:  # a straight path in joint space stays one
        np.testing.assert_allclose(
            target.position - HOME, (target.position[0] - HOME[0]) / 0.3 * (RAMP[-1] - HOME), atol=1e-9
        )
    assert (np.diff(travelled) >= 0.0).all()
    np.testing.assert_allclose(seen[120].velocity[0], 0.5 * (RAMP[1] - RAMP[0])[0] / DT_S, rtol=0.01)
    row = (seen[120].position[0] - HOME[0]) / (RAMP[1] - RAMP[0])[0]
    assert seen[120].provenance.index == int(row)
    np.testing.assert_allclose(seen[-1].position, RAMP[-1], atol=1e-9)
    np.testing.assert_allclose(seen[-1].velocity, 0.0, atol=1e-9)


def test_slowed_positions_velocities_and_accelerations_agree() -> None:
    buffer, step_s = ChunkBuffer(UR5), 1e-3
    rows = HOME + 0.1 * np.outer(np.sin(3.0 * np.arange(60) * DT_S), [1, 1, 1, 1, 1, 1, 0])
    buffer.add(chunk_of(rows, START_NS), START_NS, rested=False)
    samples = []
    for k in range(1800):
        if k in (200, 700, 900):
            buffer.set_speed({200: 0.2, 700: 0.6, 900: 0.05}[k], at(k * step_s))
        samples.append(buffer.reference(at(k * step_s)))
    position, velocity, acceleration = (
        np.array([getattr(sample, name) for sample in samples])[:, :6]
        for name in ("position", "velocity", "acceleration")
    )
    np.testing.assert_allclose(np.diff(position, axis=0) / step_s, (velocity[1:] + velocity[:-1]) / 2.0, atol=1e-4)
    mean = (acceleration[1:] + acceleration[:-1]) / 2.0
    np.testing.assert_allclose(np.diff(velocity, axis=0) / step_s, mean, atol=5e-3)


def test_the_end_comes_later_at_less_speed_and_what_is_over_stays_over() -> None:
    buffer = ChunkBuffer(UR5)
    buffer.add(chunk_of(RAMP, START_NS), START_NS, rested=False)
    full_ns = buffer.end_ns
    assert full_ns is not None
    buffer.set_speed(0.5, START_NS)
    buffer.set_speed(0.5, START_NS + 1)
    slow_ns = buffer.end_ns
    assert slow_ns is not None
    assert 1.6 < (slow_ns - START_NS) / (full_ns - START_NS) < 2.0
    assert buffer.reference(slow_ns - 1000) is not None
    assert buffer.reference(slow_ns + 1000) is None
    buffer.set_speed(0.1, slow_ns + 10**9)
    assert buffer.end_ns == pytest.approx(slow_ns, abs=10)


def test_a_newer_chunk_starts_with_the_row_reached_since_its_observation() -> None:
    buffer = ChunkBuffer(UR5)
    buffer.set_speed(0.25, at(-10.0))
    chunk = chunk_of(RAMP, START_NS)
    assert buffer.due_ns(chunk, at(0.4)) == pytest.approx(at(0.1), abs=2)
    buffer.add(chunk, at(0.4), rested=False)
    target = buffer.target(at(0.4))
    assert target is not None
    assert target.provenance.index == 3
    np.testing.assert_allclose(target.position, RAMP[3], atol=1e-6)
    rested = buffer.add(chunk, at(0.4), rested=True)
    first = buffer.target(at(0.4))
    assert first is not None
    assert (first.provenance.index, buffer.due_ns(rested, at(0.4))) == (0, at(0.4))


@pytest.mark.parametrize("share", [0.0, 1.5, float("nan")])
def test_a_speed_that_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(SpecError, match="at most 1"):
        ChunkBuffer(UR5).set_speed(share, START_NS)
