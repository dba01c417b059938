"""Path time: it follows the share that is asked for, smoothly, forward, and never beyond what was asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.errors import SpecError
from ros_wam.motion.path_time import MEMORY_NS, RAMP_END_S, PathTime

START_NS = 1_700_000_000_000_000_000


def at(elapsed_s: float) -> int:
    return START_NS + round(elapsed_s * 1e9)


def test_it_is_real_time_until_a_share_is_set() -> None:
    path_time = PathTime()
    path_time.set_share(1.0, START_NS)
    assert path_time.at(at(3.0)) == (at(3.0), 1.0, 0.0)
    assert path_time.when(at(3.0)) == at(3.0)


@pytest.mark.parametrize("share", [0.0, -0.5, 1.001, float("nan"), float("inf")])
def test_a_share_that_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(SpecError, match="greater than 0 and at most 1"):
        PathTime().set_share(share, START_NS)


def test_after_the_change_it_runs_at_the_share_and_back_at_full_speed() -> None:
    path_time = PathTime()
    path_time.set_share(0.25, START_NS)
    assert path_time.at(START_NS) == (START_NS, 1.0, 0.0)
    assert path_time.at(at(0.65))[1] == pytest.approx(0.25 + 0.1 * 0.75, abs=0.005)
    later, share, rate = path_time.at(at(RAMP_END_S + 1.0))
    assert (share, rate) == (0.25, 0.0)
    assert path_time.at(at(RAMP_END_S + 3.0))[0] - later == 500_000_000
    path_time.set_share(1.0, at(20.0))
    assert path_time.at(at(20.0 + RAMP_END_S))[1:] == (1.0, 0.0)


def test_the_past_stays_as_it_was() -> None:
    path_time = PathTime()
    path_time.set_share(0.5, at(0.0))
    path_time.set_share(0.1, at(1.0))
    assert path_time.at(at(-2.0)) == (at(-2.0), 1.0, 0.0)
    fresh = PathTime()
    fresh.set_share(0.5, at(0.0))
    for elapsed_s in (0.0, 0.5, 0.999):
        assert path_time.at(at(elapsed_s)) == fresh.at(at(elapsed_s))
        assert path_time.when(path_time.at(at(elapsed_s))[0]) == pytest.approx(at(elapsed_s), abs=5)
    assert path_time.when(at(-2.0)) == at(-2.0)


def test_the_memory_of_the_past_is_bounded() -> None:
    path_time, seconds = PathTime(), 200
    for k in range(seconds):
        path_time.set_share(0.5 + 0.001 * k, at(k))
    assert len(path_time._ramps) <= MEMORY_NS // 10**9 + 2
    oldest = path_time.at(at(0.0))[0]
    assert path_time.at(at(1.0))[0] > oldest


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.integers(0, 2_000_000_000)), min_size=1, max_size=8))
def test_it_is_smooth_and_the_share_never_overshoots(changes: list[tuple[float, int]]) -> None:
    path_time, now_ns, lowest = PathTime(), START_NS, 1.0
    for share, lasting_ns in changes:
        path_time.set_share(share, now_ns)
        lowest = min(lowest, share)
        times_ns = now_ns + np.linspace(0, lasting_ns, 20).astype(np.int64)
        samples = [path_time.at(int(time_ns)) for time_ns in times_ns]
        assert all(lowest - 1e-12 <= sample[1] <= 1.0 + 1e-12 for sample in samples)
        path_ns = np.array([sample[0] for sample in samples])
        assert (np.diff(path_ns) >= (lowest - 1e-9) * np.diff(times_ns) - 1.0).all()
        now_ns += lasting_ns
        before = path_time.at(now_ns)
        path_time.set_share(min(1.0, share + 0.1), now_ns)
        np.testing.assert_allclose(path_time.at(now_ns)[1:], before[1:], atol=1e-9)
        ahead_ns = path_time.at(now_ns)[0] + lasting_ns
        np.testing.assert_allclose(path_time.at(path_time.when(ahead_ns))[0], ahead_ns, rtol=0.0, atol=200.0)
