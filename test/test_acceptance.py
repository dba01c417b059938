"""The cheap checks of a chunk, each at its edge."""

import math

import numpy as np
import pytest
from fake_policy import UR5

from ros_wam.causes import RefusalReason
from ros_wam.errors import ChunkRefused
from ros_wam.motion.acceptance import MAX_DT_S, MIN_DT_S, check_chunk
from ros_wam.types import ActionChunk, FloatArray

T0 = 10**12
DT_NS = 40_000_000
HOME = UR5.home_position
RAMP = HOME + np.arange(5.0)[:, np.newaxis] * np.eye(7)[1] * 0.1
"""Five rows, 40 ms and 0.1 rad apart."""


def check(
    rows: FloatArray = RAMP,
    position: FloatArray = HOME,
    late_ns: int = 0,
    observed_ns: int = T0,
    rested: bool = False,
    dt_s: float = DT_NS * 1e-9,
) -> None:
    check_chunk(ActionChunk(1, 1, observed_ns, T0, dt_s, rows), UR5, position, T0 + late_ns, rested)


def refused(**situation: object) -> tuple[RefusalReason, str]:
    with pytest.raises(ChunkRefused) as caught:
        check(**situation)  # type: ignore[arg-type]
    return caught.value.reason, caught.value.detail


@pytest.mark.parametrize("shape", [(2, 6), (2, 8), (1, 7), (0, 7)])
def test_shape(shape: tuple[int, int]) -> None:
    words = f"positions have shape {shape}, must be (at least 2, 7)"
    assert refused(rows=np.zeros(shape)) == (RefusalReason.WRONG_SHAPE, words)
    check(rows=np.tile(HOME, (2, 1)))


@pytest.mark.parametrize("dt_s", [0.0, -1.0, 0.99 * MIN_DT_S, 1.01 * MAX_DT_S, math.nan, math.inf])
def test_rows_that_are_no_time_apart(dt_s: float) -> None:
    words = f"rows are {dt_s} s apart, must be {MIN_DT_S} to {MAX_DT_S} s"
    assert refused(dt_s=dt_s, rested=True) == (RefusalReason.WRONG_SHAPE, words)
    for good_s in (MIN_DT_S, MAX_DT_S):
        check(dt_s=good_s, rested=True)


@pytest.mark.parametrize("rested", [False, True])
def test_observation_from_the_future(rested: bool) -> None:
    check(observed_ns=T0, rested=rested)
    words = "its observation is from 3 ms in the future"
    assert refused(observed_ns=T0 + 3_000_000, rested=rested) == (RefusalReason.EXPIRED, words)
    assert refused(observed_ns=T0 + 1, rested=rested)[0] is RefusalReason.EXPIRED


def test_last_row_is_the_end_unless_the_robot_rested() -> None:
    end_ns = 4 * DT_NS
    check(position=RAMP[4], late_ns=end_ns)
    late = {"position": RAMP[4], "late_ns": end_ns + 2_000_000}
    assert refused(**late) == (RefusalReason.EXPIRED, "its last row was due 2 ms ago")
    assert refused(position=RAMP[4], late_ns=end_ns + 1)[0] is RefusalReason.EXPIRED
    check(late_ns=end_ns + 10**12, rested=True)


def test_a_chunk_that_is_due_later_is_refused_unless_the_robot_rested() -> None:
    early = {"late_ns": -2_000_000, "observed_ns": T0 - DT_NS}
    assert refused(**early) == (RefusalReason.EXPIRED, "its first row is due only in 2 ms")
    check(**early, rested=True)


@pytest.mark.parametrize(
    ("late_ns", "row", "share"),
    [(0, 0, 0.0), (DT_NS // 2, 0, 0.5), (DT_NS, 1, 0.0), (94_000_000, 2, 0.35)],
)
def test_row_that_is_due_and_where_the_robot_must_be(late_ns: int, row: int, share: float) -> None:
    """At the largest distance from the straight line between two rows, and a little beyond."""
    due = HOME + np.eye(7)[1] * 0.1 * (row + share)
    for side in (-1.0, 1.0):
        away = np.eye(7)[1] * side * UR5.start_distance_rad
        check(position=due + away * 0.9999, late_ns=late_ns, observed_ns=T0 - DT_NS)
        words = f"joint2 starts 0.151 rad from the robot in row {row}, at most 0.15 rad is allowed"
        situation = {"position": due + away / 0.15 * 0.151, "late_ns": late_ns, "observed_ns": T0 - DT_NS}
        assert refused(**situation) == (RefusalReason.START_DISTANCE, words)


def test_start_at_exactly_the_largest_distance() -> None:
    rows = np.zeros((2, 7))
    exactly = np.full(7, UR5.start_distance_rad)
    check(rows=rows, position=exactly)
    exactly[6] = 1.0  # a gripper may be anywhere
    check(rows=rows, position=exactly)


def test_a_rested_robot_starts_with_the_first_row() -> None:
    check(late_ns=3 * DT_NS, rested=True)
    assert refused(late_ns=3 * DT_NS, rested=False)[0] is RefusalReason.START_DISTANCE
    assert refused(position=RAMP[3], late_ns=3 * DT_NS, rested=True)[0] is RefusalReason.START_DISTANCE
