"""Station time agrees with the wall clock when a station starts, and does not follow it afterwards."""

import time

import pytest

from ros_wam.clock import StationClock, station_offset_ns

HOUR_NS = 3600 * 10**9
MINUTE_NS = 60 * 10**9


@pytest.mark.parametrize("step_ns", [HOUR_NS, -HOUR_NS])
def test_a_step_of_the_wall_clock_does_not_move_station_time(monkeypatch: pytest.MonkeyPatch, step_ns: int) -> None:
    clock = StationClock(station_offset_ns())
    before_ns, wall_ns = clock.now_ns(), time.time_ns()
    assert abs(before_ns - wall_ns) < MINUTE_NS
    monkeypatch.setattr(time, "time_ns", lambda: wall_ns + step_ns)
    monkeypatch.setattr(time, "time", lambda: (wall_ns + step_ns) * 1e-9)
    assert 0 <= clock.now_ns() - before_ns < MINUTE_NS
