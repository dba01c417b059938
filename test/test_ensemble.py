"""What is admitted: averages that are averages, and chunks that are cut where they should be."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ros_wam.policy.strategies.ensemble import DECAY, Ensemble, weights
from ros_wam.policy.strategies.sequential import Sequential
from ros_wam.types import ActionChunk, FloatArray

DT_S = 0.1
VALUES = st.floats(-3.0, 3.0, width=32)


def chunk(number: int, start_rows: float, positions: FloatArray) -> ActionChunk:
    """A chunk that starts so many rows after 1 s."""
    t0_ns = 1_000_000_000 + round(start_rows * DT_S * 1e9)
    return ActionChunk(number, number, t0_ns, t0_ns, DT_S, positions)


def ensembled(chunks: list[ActionChunk]) -> ActionChunk:
    ensemble = Ensemble()
    for each in chunks:
        combined = ensemble.combine(each)
        ensemble.admitted(each, combined, each.t0_ns, 0)
    return combined


@st.composite
def successive(draw: st.DrawFn) -> list[ActionChunk]:
    starts = np.cumsum(draw(st.lists(st.floats(0.1, 4.0), min_size=1, max_size=6)))
    rows, joints = draw(st.integers(2, 8)), draw(st.integers(1, 3))
    shape = arrays.arrays(np.float64, (rows, joints), elements=VALUES)
    return [chunk(number, start, draw(shape)) for number, start in enumerate(starts, start=1)]


@settings(max_examples=30)
@given(
    st.integers(1, 5).flatmap(
        lambda chunks: arrays.arrays(np.float64, (chunks, 4), elements=st.sampled_from([0.0, 1.0]))
    )
)
def test_weights_sum_to_one_and_fall_from_the_oldest_on(covered: FloatArray) -> None:
    covered[-1] = 1.0  # the newest chunk covers every instant
    shares = weights(covered)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert (shares[covered == 0.0] == 0.0).all()
    for share, covers in zip(shares.T, covered.T, strict=True):
        expected = np.exp(-DECAY * np.arange(covers.sum()))
        np.testing.assert_allclose(share[covers == 1.0], expected / expected.sum())


@settings(max_examples=30)
@given(successive())
def test_average_lies_between_what_was_answered_for_each_instant(chunks: list[ActionChunk]) -> None:
    combined = ensembled(chunks)
    newest = chunks[-1]
    assert (combined.t0_ns, combined.chunk_id) == (newest.t0_ns, newest.chunk_id)
    for k, row in enumerate(combined.positions):
        at_ns = newest.t0_ns + round(k * DT_S * 1e9)
        covering = [each for each in chunks if each.t0_ns <= at_ns <= each.end_ns]
        place = [(at_ns - each.t0_ns) * 1e-9 / DT_S for each in covering]
        said = np.array(
            [
                [np.interp(where, np.arange(len(each.positions)), joint) for joint in each.positions.T]
                for where, each in zip(place, covering, strict=True)
            ]
        )
        assert (row >= said.min(axis=0) - 1e-9).all()
        assert (row <= said.max(axis=0) + 1e-9).all()


@settings(max_examples=30)
@given(successive())
def test_chunks_that_agree_are_left_as_they_are(chunks: list[ActionChunk]) -> None:
    def line(each: ActionChunk) -> ActionChunk:
        start = (each.t0_ns - 1_000_000_000) * 1e-9 / DT_S
        return chunk(each.chunk_id, start, (start + np.arange(len(each.positions)))[:, np.newaxis] * [0.1, -0.2])

    combined = ensembled([line(each) for each in chunks])
    np.testing.assert_allclose(combined.positions, line(chunks[-1]).positions, atol=1e-6)


def test_two_chunks_are_averaged_oldest_first() -> None:
    first, second = chunk(1, 0, np.zeros((4, 1))), chunk(2, 2, np.ones((4, 1)))
    newer = np.exp(-DECAY) / (1.0 + np.exp(-DECAY))
    np.testing.assert_allclose(ensembled([first, second]).positions[:, 0], [newer, newer, 1.0, 1.0])


def test_what_was_refused_is_not_averaged() -> None:
    ensemble = Ensemble()
    ensemble.combine(chunk(1, 0, np.zeros((4, 1))))
    np.testing.assert_array_equal(ensemble.combine(chunk(2, 1, np.ones((4, 1)))).positions, np.ones((4, 1)))


@settings(max_examples=30)
@given(successive(), st.integers(2, 8))
def test_sequential_cuts_a_chunk_and_changes_nothing_else(chunks: list[ActionChunk], horizon: int) -> None:
    whole = chunks[-1]
    cut = Sequential(horizon).combine(whole)
    np.testing.assert_array_equal(cut.positions, whole.positions[:horizon])
    assert len(cut.positions) == min(horizon, len(whole.positions))
    assert (cut.t0_ns, cut.dt_s, cut.inference_id) == (whole.t0_ns, whole.dt_s, whole.inference_id)
