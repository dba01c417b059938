"""Where the robot is on its plan: lag, re-anchoring, stops, dwells and being somewhere else altogether."""

import numpy as np
import pytest

from ros_wam.policies.progress import LAG_S, Progress
from ros_wam.types import FloatArray

DT_S = 1 / 30


def plan(times_s: FloatArray) -> FloatArray:
    """Two joints: rest, one radian in a second from 1 s on, rest."""
    share = np.clip(times_s - 1.0, 0.0, 1.0)
    swing = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
    return np.column_stack([swing, -0.5 * swing])


def at(time_s: float) -> FloatArray:
    return plan(np.array([time_s]))[0]


def answered(*starts_s: float) -> Progress:
    progress = Progress(0.0, at(0.0))
    for start_s in starts_s:
        times = start_s + np.arange(30) * DT_S
        progress.answer(times, plan(times))
    return progress


@pytest.mark.parametrize("lag_s", [0.02, 0.05, 0.07, 0.10, 0.12])
def test_time_decides_while_the_robot_trails_as_usual(lag_s: float) -> None:
    place = answered(0.5, 1.0).locate(15.0, at(1.5 - lag_s))
    assert place is not None
    assert place.plan_s == pytest.approx(1.5)
    assert not place.stalled


def test_a_chunk_that_began_later_moves_the_plan_with_it() -> None:
    place = answered(1.0).locate(21.0, at(1.5 - LAG_S))  # re-anchored: 0.2 s later than it was meant
    assert place is not None
    assert place.plan_s == pytest.approx(1.5, abs=DT_S)
    assert not place.stalled


def test_a_robot_that_runs_ahead_is_believed() -> None:
    place = answered(0.5, 1.0).locate(12.0, at(1.65 - LAG_S))  # it follows a chunk older than the last one answered
    assert place is not None
    assert place.plan_s == pytest.approx(1.65, abs=DT_S)


def test_a_robot_that_has_been_stopped_goes_on_where_it_is() -> None:
    place = answered(0.5, 1.0).locate(29.0, at(1.3))
    assert place is not None
    assert place.plan_s == pytest.approx(1.3, abs=DT_S)
    assert place.stalled


def test_behind_twice_running_is_stopped() -> None:
    progress = answered(1.0)
    first = progress.locate(15.0, at(1.3))
    second = progress.locate(15.0, at(1.3))
    assert first is not None
    assert second is not None
    assert (first.stalled, second.stalled) == (False, True)


def test_a_plan_never_runs_further_than_it_was_answered() -> None:
    place = answered(1.0).locate(90.0, at(3.0))
    assert place is not None
    assert place.plan_s == pytest.approx(1.0 + 29 * DT_S)


def test_time_passes_while_the_plan_dwells() -> None:
    progress = answered(2.0)
    place = progress.locate(15.0, at(2.0) + 0.021)  # resting a little off, as with something in the hand
    assert place is not None
    assert place.plan_s == pytest.approx(2.5, abs=2 * DT_S)


def test_a_robot_that_is_elsewhere_is_lost() -> None:
    assert answered(0.5, 1.0).locate(15.0, np.array([0.5, 0.5])) is None


def test_a_robot_that_somebody_else_brought_to_the_end_is_lost() -> None:
    assert answered(0.5, 1.0).locate(6.0, at(2.0)) is None
