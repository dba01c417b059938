"""Temporal ensembling as in ACT (Zhao et al. 2023): every instant gets the average of all chunks that cover it."""

from dataclasses import replace

import numpy as np

from ros_wam.policy.strategies.strategy import Look, look_in_time
from ros_wam.types import ActionChunk, FloatArray

DECAY = 0.01  # of the weights exp(-DECAY i), the oldest chunk being i = 0 (ACT, `temporal_agg`)


class Ensemble:
    """Looks as soon as an answer has come, at most once per row and per picture.

    What is followed is named after the newest of its inferences.
    """

    def __init__(self) -> None:
        self._chunks: list[ActionChunk] = []

    def combine(self, answered: ActionChunk) -> ActionChunk:
        """See Strategy: the average, combined by absolute time."""
        offsets_ns = np.round(np.arange(len(answered.positions)) * answered.dt_s * 1e9).astype(np.int64)
        return replace(answered, positions=_average([*self._chunks, answered], answered.t0_ns + offsets_ns))

    def admitted(self, answered: ActionChunk, followed: ActionChunk, now_ns: int, latency_ns: int) -> Look:
        """See Strategy."""
        self._chunks = [chunk for chunk in self._chunks if chunk.end_ns >= answered.t0_ns] + [answered]
        next_row_ns = answered.observation_stamp_ns + round(answered.dt_s * 1e9)
        return look_in_time(max(next_row_ns, now_ns), followed, latency_ns)

    def hidden_s(self, rows: int, dt_s: float) -> float:
        """See Strategy: half a chunk, and one of fewer than three rows hides none."""
        return (rows - 1) * dt_s / 2.0 if rows > 2 else 0.0


def weights(covered: FloatArray) -> FloatArray:
    """Return `(chunks, instants)`: the share of each chunk, oldest first, in each instant that it covers.

    `covered` `(chunks, instants)` is 1 where it does and 0 elsewhere; at least one has to cover each instant.
    """
    ages = np.cumsum(covered, axis=0) - 1.0
    raw = covered * np.exp(-DECAY * ages)
    return np.asarray(raw / raw.sum(axis=0))


def _average(chunks: list[ActionChunk], times_ns: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    """Return `(instants, n)` positions; the last chunk covers every instant."""
    covered = [(times_ns >= chunk.t0_ns) & (times_ns <= chunk.end_ns) for chunk in chunks]
    positions = np.array([_at(chunk, times_ns) for chunk in chunks])
    return np.asarray((weights(np.array(covered, np.float64))[:, :, np.newaxis] * positions).sum(axis=0))


def _at(chunk: ActionChunk, times_ns: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    rows = (times_ns - chunk.t0_ns) * 1e-9 / chunk.dt_s
    return np.column_stack([np.interp(rows, np.arange(len(chunk.positions)), joint) for joint in chunk.positions.T])
