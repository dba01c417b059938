"""Absolute deadlines under a clock that the test moves."""

from ros_wam.clock import FakeClock
from ros_wam.motion.pace import Pace

PERIOD_NS = 8_000_000


def test_deadlines_do_not_drift() -> None:
    clock = FakeClock(1000)
    pace = Pace(clock, 0.008)
    for k in range(1, 50):
        clock.advance_ns(3_000_000)  # the work of a tick
        assert pace.wait() == 1000 + k * PERIOD_NS
    assert pace.missed == 0
    assert pace.lateness_ms() == (0.0, 0.0)


def test_an_overrun_is_not_made_up_for() -> None:
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    pace.wait()
    clock.advance_ns(3 * PERIOD_NS + 2_000_000)
    late_ns = pace.wait()
    assert late_ns == 4 * PERIOD_NS + 2_000_000
    assert pace.missed == 2
    assert pace.lateness_ms()[1] == 2.0
    assert pace.wait() == 5 * PERIOD_NS


def test_lateness_starts_anew_after_it_was_asked() -> None:
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    clock.advance_ns(PERIOD_NS + 500_000)
    pace.wait()
    assert pace.lateness_ms() == (0.5, 0.5)
    assert pace.lateness_ms() == (0.0, 0.0)


def test_a_pause_that_was_meant_is_not_missed() -> None:
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    clock.advance_ns(100 * PERIOD_NS)
    pace.restart()
    assert pace.wait() == 101 * PERIOD_NS
    assert pace.missed == 0
