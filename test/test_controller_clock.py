"""A controller's timestamps on station time."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ros_wam.drivers.controller_clock import WINDOW_NS, ControllerClock

PERIOD_NS = 8_000_000
OFFSET_NS = 5_000_000_000


def test_the_least_delayed_package_gives_the_offset() -> None:
    clock = ControllerClock(0.0)
    clock.stamp_ns(1.0, 1_000_000_000 + OFFSET_NS + 300_000)
    clock.stamp_ns(1.008, 1_008_000_000 + OFFSET_NS)
    assert clock.stamp_ns(1.016, 1_016_000_000 + OFFSET_NS + 7_000_000) == 1_016_000_000 + OFFSET_NS


def test_latency_is_subtracted() -> None:
    assert ControllerClock(0.002).stamp_ns(1.0, 9_000_000_000) == 8_998_000_000


@given(st.lists(st.integers(0, 30_000_000), min_size=2, max_size=200))
def test_stamps_are_in_order_and_never_after_receipt(delays_ns: list[int]) -> None:
    clock, stamps, received_ns = ControllerClock(0.0), [], 0
    for k, delay_ns in enumerate(delays_ns):
        received_ns = max(received_ns, k * PERIOD_NS + OFFSET_NS + delay_ns)
        stamps.append(clock.stamp_ns(k * PERIOD_NS * 1e-9, received_ns))
        assert stamps[-1] <= received_ns
    assert all(a <= b for a, b in itertools.pairwise(stamps))


def test_a_controller_clock_that_stood_still_is_followed_within_two_windows() -> None:
    clock, still_ns = ControllerClock(0.0), 100_000_000
    for k in range(100):
        clock.stamp_ns(k * PERIOD_NS * 1e-9, k * PERIOD_NS + OFFSET_NS)
    for k in range(100, 100 + 2 * WINDOW_NS // PERIOD_NS + 2):
        received_ns = k * PERIOD_NS + OFFSET_NS + still_ns
        stamp_ns = clock.stamp_ns(k * PERIOD_NS * 1e-9, received_ns)
    assert stamp_ns == received_ns
