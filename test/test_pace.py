"""Absolute deadlines under a clock that the test moves."""

import numpy as np
import pytest

from ros_wam.clock import FakeClock
from ros_wam.motion.pace import Lateness, Pace

PERIOD_NS = 8_000_000


def test_deadlines_do_not_drift() -> None:
    clock = FakeClock(1000)
    pace = Pace(clock, 0.008)
    for k in range(1, 50):
        clock.advance_ns(3_000_000)  # the work of a tick
        assert pace.wait() == pace.begin() == pace.due_ns == 1000 + k * PERIOD_NS
    assert pace.missed == 0
    assert pace.lateness_ms() == Lateness(0.0, 0.0, 0.0)


def test_an_overrun_is_not_made_up_for() -> None:
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    pace.wait()
    pace.begin()
    clock.advance_ns(3 * PERIOD_NS + 2_000_000)
    assert pace.wait() == pace.begin() == 4 * PERIOD_NS + 2_000_000
    assert pace.due_ns == 4 * PERIOD_NS
    assert pace.missed == 2
    assert pace.owed_ns == 2 * PERIOD_NS
    assert pace.lateness_ms().max == 18.0
    assert pace.wait() == pace.begin() == pace.owed_ns == 5 * PERIOD_NS
    assert pace.lateness_ms() == Lateness(0.0, 18.0, 18.0)


@pytest.mark.parametrize(
    ("late_ns", "next_due", "waits_ns"),
    [
        (3_900_000, 2, 0),
        (4_100_000, 2, 100_000),
        (7_900_000, 2, 3_900_000),
        (8_100_000, 3, 0),
        (12_100_000, 3, 100_000),
    ],
)
def test_after_a_late_tick_the_next_keeps_half_a_period_away(late_ns: int, next_due: int, waits_ns: int) -> None:
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    pace.wait()
    clock.advance_ns(late_ns)
    pace.begin()
    pace.wait()
    assert pace.due_ns == next_due * PERIOD_NS
    assert pace.missed == next_due - 2
    assert pace.owed_ns == next_due * PERIOD_NS
    assert pace.begin() == next_due * PERIOD_NS + waits_ns


@pytest.mark.parametrize(
    ("late_ns", "worked_ns", "due", "owed"),
    [
        (0, 7_999_999, 2, 2),
        (0, 15_999_999, 2, 2),
        (0, 16_000_000, 3, 2),
        (3_900_000, 20_000_000, 3, 2),
        (4_100_000, 5_000_000, 2, 2),
        (4_100_000, 20_000_000, 4, 2),
        (20_100_000, 1_000_000, 4, 4),
        (20_100_000, 20_000_000, 6, 4),
    ],
)
def test_a_tick_owes_the_first_deadline_after_the_beginning_of_the_one_before(
    late_ns: int, worked_ns: int, due: int, owed: int
) -> None:
    """The tick of the first period begins late, and works."""
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    pace.wait()
    clock.advance_ns(late_ns)
    pace.begin()
    clock.advance_ns(worked_ns)
    pace.wait()
    assert (pace.due_ns, pace.owed_ns) == (due * PERIOD_NS, owed * PERIOD_NS)


def test_ticks_never_come_in_bursts() -> None:
    rng = np.random.default_rng(1)
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    began = []
    for work_ns in rng.exponential(6e6, 2000).astype(int):
        pace.wait()
        clock.advance_ns(int(rng.exponential(2e6)))
        began.append(pace.begin())
        clock.advance_ns(int(work_ns))
    assert min(np.diff(began)) >= PERIOD_NS // 2
    assert pace.due_ns == (2000 + pace.missed) * PERIOD_NS


def test_lateness_is_that_of_the_last_second() -> None:
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    for late_us in range(1000, 1250):
        pace.wait()
        clock.advance_ns(late_us * 1000)
        pace.begin()
    assert pace.lateness_ms() == Lateness(median=1.187, p99=1.248, max=1.249)


def test_a_pause_that_was_meant_is_not_missed() -> None:
    clock = FakeClock()
    pace = Pace(clock, 0.008)
    clock.advance_ns(100 * PERIOD_NS)
    pace.restart()
    pace.begin()
    assert pace.wait() == pace.begin() == 101 * PERIOD_NS
    assert pace.missed == 0
    assert pace.lateness_ms().max == 0.0
