"""A controller's timestamps on station time: drift, delays, jumps."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from ros_wam.drivers.controller_clock import ControllerClock

PERIOD_NS = 8_000_000


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6_000_000), min_size=100, max_size=400), st.integers(-(10**15), 10**15))
def test_stamps_advance_and_are_within_the_spread_of_the_delays(delays: list[int], offset_ns: int) -> None:
    clock = ControllerClock(0.0)
    stamps = []
    for k, delay_ns in enumerate(delays):
        true_ns = offset_ns + 10**15 + k * PERIOD_NS
        stamp_ns = clock.stamp_ns(k * PERIOD_NS * 1e-9, true_ns + delay_ns)
        assert true_ns - 1_000 <= stamp_ns <= true_ns + delay_ns + 1_000 or stamps
        assert stamp_ns - true_ns <= max(delays[: k + 1]) + 1_000
        stamps.append(stamp_ns)
    assert all(a <= b for a, b in itertools.pairwise(stamps))


def test_a_drifting_controller_clock_is_followed() -> None:
    clock = ControllerClock(0.0)
    for k in range(20_000):
        true_ns = k * PERIOD_NS
        stamp_ns = clock.stamp_ns(k * PERIOD_NS * 1e-9 * (1 + 100e-6), true_ns)
    assert abs(stamp_ns - true_ns) < 200_000


def test_latency_is_subtracted() -> None:
    assert ControllerClock(0.004).stamp_ns(1.0, 5_000_000_000) == 4_996_000_000
