"""Schedules keep their rate in simulated time."""

from hypothesis import given
from hypothesis import strategies as st

from ros_wam.sim.schedule import Schedule
from ros_wam.sim.world import STEP_NS


@given(st.sampled_from([30.0, 60.0, 100.0, 125.0, 500.0]), st.integers(0, 10**6))
def test_as_often_as_the_rate_says(rate_hz: float, begin: int) -> None:
    schedule = Schedule(rate_hz, begin * STEP_NS)
    due = [schedule.due((begin + step) * STEP_NS) for step in range(1, 1001)]
    assert sum(due) == 2 * rate_hz
    assert due[round(500 / rate_hz + 0.49) - 1]


def test_what_was_missed_is_not_made_up_for() -> None:
    schedule = Schedule(100.0, 0)
    assert schedule.due(55_000_000)
    assert not schedule.due(58_000_000)
    assert schedule.due(60_000_000)
