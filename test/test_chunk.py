"""The chunk buffer: every row belongs to an absolute time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_fixtures import START_NS, chunk_of, ramp, robot

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


def test_a_chunk_that_is_due_later_leaves_the_present_one_until_then() -> None:
    buffer = ChunkBuffer(UR5)
    buffer.add(chunk_of(RAMP, START_NS), START_NS, rested=False)
    buffer.add(chunk_of(RAMP, at(0.3), number=2), at(0.1), rested=False)
    targets = [buffer.target(at(elapsed_s)) for elapsed_s in (0.2, 0.4)]
    assert [target.provenance.chunk_id for target in targets if target is not None] == [1, 2]


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
