"""What the joints measured between two measurements."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.errors import SpecError
from ros_wam.export.joint_track import JointTrack

T0_NS = 1_790_000_000_000_000_000


def track(stamp_ns: list[int]) -> JointTrack:
    stamps = np.array(stamp_ns, dtype=np.int64)
    value = ((stamps - T0_NS)[:, None] * 1e-6) * np.array([1.0, -2.0])
    return JointTrack(stamps, value, value + 1.0, value + 2.0)


@settings(deadline=None)
@given(st.lists(st.integers(1, 50_000_000), min_size=1, max_size=30), st.data())
def test_between_two_measurements_it_goes_straight(steps_ns: list[int], data: st.DataObject) -> None:
    stamps = (T0_NS + np.cumsum(steps_ns)).tolist()
    instants = sorted(set(data.draw(st.lists(st.integers(stamps[0], stamps[-1]), min_size=1, max_size=20))))
    there = track(stamps).at(np.array(instants, dtype=np.int64))
    expected = ((np.array(instants) - T0_NS)[:, None] * 1e-6) * np.array([1.0, -2.0])
    np.testing.assert_allclose(there.position, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(there.effort, expected + 2.0, rtol=0, atol=1e-6)


def test_nothing_is_made_up_outside_of_what_was_measured() -> None:
    there = track([T0_NS, T0_NS + 100]).at(np.array([T0_NS - 1, T0_NS, T0_NS + 101]))
    assert np.isnan(there.position[[0, 2]]).all() and np.isfinite(there.position[1]).all()


def test_the_gap_around_an_instant_is_told() -> None:
    measured = track([T0_NS, T0_NS + 10, T0_NS + 500])
    gaps = measured.gap_ns(np.array([T0_NS - 1, T0_NS, T0_NS + 5, T0_NS + 10, T0_NS + 11, T0_NS + 500, T0_NS + 501]))
    outside = np.iinfo(np.int64).max
    assert gaps.tolist() == [outside, 0, 10, 0, 490, 0, outside]
    assert track([]).gap_ns(np.array([T0_NS])).tolist() == [outside]


def test_stamps_that_do_not_increase_are_refused() -> None:
    with pytest.raises(SpecError, match="comes after"):
        track([T0_NS, T0_NS + 5, T0_NS + 5])
